//! What the shop sells, and what each shopper's browser has in its cart.
//!
//! A cart is known by a random name in a cookie and lives in memory: a demo has nothing to keep.
//! Everything that is kept is bounded, and a cart that was forgotten is simply an empty one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::api::merchant::{CheckoutSessionView, CreatedCheckoutSessionView};
use shared::text::Language;

use super::payment::{Means, Saving};

/// How many of one product may be bought at once.
pub const MOST_OF_ONE: u32 = 9;
/// From here on delivery is free, in paise.
pub const FREE_DELIVERY_FROM: i64 = 150_000;
/// What delivery costs below that, in paise.
const DELIVERY: i64 = 7_900;
/// How many carts, and sessions and orders of each, are kept; the oldest go first.
const MOST_CARTS: usize = 10_000;
const MOST_KEPT: usize = 8;

/// One thing on sale.
pub struct Product {
    /// Its name in addresses and forms.
    pub slug: &'static str,
    /// In paise.
    pub price: i64,
    en: ProductWords,
    hi: ProductWords,
}

/// A product in the words of one language.
pub struct ProductWords {
    /// What it is called.
    pub name: &'static str,
    /// Where it comes from.
    pub origin: &'static str,
    /// What it is like.
    pub taste: &'static str,
    /// How much of it there is.
    pub pack: &'static str,
    /// What its picture shows.
    pub picture: &'static str,
}

impl Product {
    /// The product of that name.
    pub fn find(slug: &str) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.slug == slug)
    }

    /// The product in a language.
    pub const fn words(&self, language: Language) -> &ProductWords {
        match language {
            Language::En => &self.en,
            Language::Hi => &self.hi,
        }
    }
}

/// All there is.
pub const PRODUCTS: &[Product] = &[
    Product {
        slug: "darjeeling",
        price: 89_000,
        en: ProductWords {
            name: "Darjeeling First Flush",
            origin: "Sungma, 1,500 m",
            taste: "Spring leaf, light as linen: green almond, white grape, a long floral finish.",
            pack: "100 g",
            picture: "A burgundy tin of tea, its label showing mountains under a low sun",
        },
        hi: ProductWords {
            name: "दार्जिलिंग फ़र्स्ट फ़्लश",
            origin: "सुंगमा, 1,500 मी",
            taste: "वसंत की पत्ती, मलमल-सी हल्की: हरा बादाम, सफ़ेद अंगूर, देर तक ठहरती फूलों की महक।",
            pack: "100 ग्राम",
            picture: "चाय का गहरा लाल डिब्बा, जिस पर ढलते सूरज के नीचे पहाड़ बने हैं",
        },
    },
    Product {
        slug: "nilgiri",
        price: 64_000,
        en: ProductWords {
            name: "Nilgiri Winter Frost",
            origin: "Coonoor, 1,900 m",
            taste: "Plucked on the coldest mornings. Bright and sweet, with eucalyptus and stone fruit.",
            pack: "100 g",
            picture: "A deep green tin of tea, its label showing two leaves and a bud",
        },
        hi: ProductWords {
            name: "नीलगिरि विंटर फ़्रॉस्ट",
            origin: "कुन्नूर, 1,900 मी",
            taste: "सबसे ठंडी सुबहों में तोड़ी गई। चमकदार और मीठी, नीलगिरि और आड़ू की झलक लिए।",
            pack: "100 ग्राम",
            picture: "चाय का गहरा हरा डिब्बा, जिस पर दो पत्तियाँ और एक कली बनी हैं",
        },
    },
    Product {
        slug: "masala",
        price: 42_000,
        en: ProductWords {
            name: "Kitchen Masala Chai",
            origin: "Assam leaf, Idukki spice",
            taste: "Malty leaf with green cardamom, ginger and a little clove. Made for milk.",
            pack: "200 g",
            picture: "A dark brown tin of tea, its label showing a star of anise",
        },
        hi: ProductWords {
            name: "रसोई मसाला चाय",
            origin: "असम की पत्ती, इडुक्की के मसाले",
            taste: "दमदार पत्ती, हरी इलायची, अदरक और ज़रा-सी लौंग के साथ। दूध के लिए बनी।",
            pack: "200 ग्राम",
            picture: "चाय का गहरा भूरा डिब्बा, जिस पर चक्रफूल बना है",
        },
    },
];

/// Some of one product.
#[derive(Clone, Copy)]
pub struct Line {
    /// Of which.
    pub product: &'static Product,
    /// 1 to [`MOST_OF_ONE`].
    pub quantity: u32,
}

impl Line {
    /// What it costs, in paise.
    pub fn price(&self) -> i64 {
        self.product.price.saturating_mul(i64::from(self.quantity))
    }
}

/// What a cart comes to, in paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The goods.
    pub goods: i64,
    /// Bringing them.
    pub delivery: i64,
    /// Both.
    pub due: i64,
}

/// A payment that was begun under one checkout session.
pub struct Checkout {
    /// The session as it was minted.
    pub session: CreatedCheckoutSessionView,
    stage: Stage,
}

/// How far a payment has come. It happens once, however often the button is pressed.
enum Stage {
    Open,
    Settling,
    Paid(String),
}

/// What came of claiming a payment.
pub enum Claim {
    /// It is the caller's to settle, and to give back when it fails.
    Ours,
    /// Another request settles it right now.
    Busy,
    /// It is settled, as this order.
    Paid(String),
}

/// What was bought and how it was paid.
#[derive(Clone)]
pub struct Order {
    /// Its number.
    pub id: String,
    /// What was bought.
    pub lines: Vec<Line>,
    /// What it came to.
    pub totals: Totals,
    /// How it was paid.
    pub means: Means,
    /// What Onfile told the shop's server about the session; a guest pays without its answer too.
    pub session: Option<CheckoutSessionView>,
    /// Whether the new card was saved.
    pub saving: Saving,
}

/// One browser's cart.
#[derive(Default)]
pub struct Cart {
    lines: Vec<Line>,
    checkouts: VecDeque<Checkout>,
    orders: VecDeque<Order>,
}

impl Cart {
    /// What is in it, in the order of the shop.
    pub fn lines(&self) -> Vec<Line> {
        let of = |product: &'static Product| {
            self.lines
                .iter()
                .find(|line| line.product.slug == product.slug)
                .copied()
        };
        PRODUCTS.iter().filter_map(of).collect()
    }

    /// How many pieces are in it.
    pub fn pieces(&self) -> u32 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    /// What it comes to.
    pub fn totals(&self) -> Totals {
        let goods: i64 = self.lines.iter().map(Line::price).sum();
        let delivery = if goods == 0 || goods >= FREE_DELIVERY_FROM {
            0
        } else {
            DELIVERY
        };
        Totals {
            goods,
            delivery,
            due: goods.saturating_add(delivery),
        }
    }

    /// Puts one more in, up to [`MOST_OF_ONE`].
    pub fn add(&mut self, product: &'static Product) {
        let present = self
            .lines
            .iter()
            .find(|line| line.product.slug == product.slug);
        let quantity = present
            .map_or(0, |line| line.quantity)
            .saturating_add(1)
            .min(MOST_OF_ONE);
        self.set(product, quantity);
    }

    /// Sets how many there are of a product; none takes it out. False when there may not be so many.
    pub fn set(&mut self, product: &'static Product, quantity: u32) -> bool {
        if quantity > MOST_OF_ONE {
            return false;
        }
        self.lines.retain(|line| line.product.slug != product.slug);
        if quantity > 0 {
            self.lines.push(Line { product, quantity });
        }
        true
    }

    /// Keeps a session that was minted for this cart.
    pub fn begin(&mut self, session: CreatedCheckoutSessionView) {
        self.checkouts.push_front(Checkout {
            session,
            stage: Stage::Open,
        });
        self.checkouts.truncate(MOST_KEPT);
    }

    /// The session of that id, if it was minted for this cart.
    pub fn checkout(&self, session_id: &str) -> Option<&Checkout> {
        self.checkouts
            .iter()
            .find(|checkout| checkout.session.session_id == session_id)
    }

    /// Claims the payment under a session; none when the session is not of this cart.
    pub fn claim(&mut self, session_id: &str) -> Option<Claim> {
        let stage = self.stage(session_id)?;
        Some(match stage {
            Stage::Open => {
                *stage = Stage::Settling;
                Claim::Ours
            }
            Stage::Settling => Claim::Busy,
            Stage::Paid(order) => Claim::Paid(order.clone()),
        })
    }

    /// Gives a claimed payment back: it did not come about and may be tried again.
    pub fn release(&mut self, session_id: &str) {
        if let Some(stage) = self.stage(session_id) {
            *stage = Stage::Open;
        }
    }

    /// Ends a claimed payment: the order is kept, and what it bought leaves the cart. What was added
    /// while it was being paid stays.
    pub fn settle(&mut self, session_id: Option<&str>, order: Order) {
        if let Some(stage) = session_id.and_then(|id| self.stage(id)) {
            *stage = Stage::Paid(order.id.clone());
        }
        for bought in &order.lines {
            for line in self
                .lines
                .iter_mut()
                .filter(|line| line.product.slug == bought.product.slug)
            {
                line.quantity = line.quantity.saturating_sub(bought.quantity);
            }
        }
        self.lines.retain(|line| line.quantity > 0);
        self.orders.push_front(order);
        self.orders.truncate(MOST_KEPT);
    }

    /// The order of that number, if it is this cart's.
    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    fn stage(&mut self, session_id: &str) -> Option<&mut Stage> {
        let of = |checkout: &&mut Checkout| checkout.session.session_id == session_id;
        self.checkouts
            .iter_mut()
            .find(of)
            .map(|checkout| &mut checkout.stage)
    }
}

/// Every cart, by the name in its cookie.
#[derive(Default)]
pub struct Carts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    carts: HashMap<String, Cart>,
    oldest_first: VecDeque<String>,
}

impl Carts {
    /// Looks at or changes a cart; none when there is no such cart.
    pub fn with<T>(&self, name: &str, act: impl FnOnce(&mut Cart) -> T) -> Option<T> {
        self.lock().carts.get_mut(name).map(act)
    }

    /// Keeps a new, empty cart under a name that nobody can guess.
    pub fn open(&self, name: String) {
        let mut kept = self.lock();
        while kept.oldest_first.len() >= MOST_CARTS {
            let Some(oldest) = kept.oldest_first.pop_front() else {
                break;
            };
            kept.carts.remove(&oldest);
        }
        kept.carts.insert(name.clone(), Cart::default());
        kept.oldest_first.push_back(name);
    }

    /// A panic elsewhere leaves a cart at worst half changed, which its shopper can see and mend.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(slug: &str) -> &'static Product {
        Product::find(slug).unwrap()
    }

    #[test]
    fn totals_add_delivery_until_it_is_free() {
        let mut cart = Cart::default();
        assert_eq!(
            cart.totals(),
            Totals {
                goods: 0,
                delivery: 0,
                due: 0
            }
        );
        cart.add(product("nilgiri"));
        assert_eq!(
            cart.totals(),
            Totals {
                goods: 64_000,
                delivery: 7_900,
                due: 71_900
            }
        );
        cart.add(product("darjeeling"));
        assert_eq!(
            cart.totals(),
            Totals {
                goods: 153_000,
                delivery: 0,
                due: 153_000
            }
        );
    }

    #[test]
    fn a_quantity_stays_within_its_bounds() {
        let mut cart = Cart::default();
        for _ in 0..20 {
            cart.add(product("masala"));
        }
        assert_eq!(cart.pieces(), MOST_OF_ONE);
        assert!(!cart.set(product("masala"), MOST_OF_ONE + 1));
        assert_eq!(cart.pieces(), MOST_OF_ONE);
        assert!(cart.set(product("masala"), 0));
        assert_eq!((cart.pieces(), cart.lines().len()), (0, 0));
    }

    #[test]
    fn the_oldest_cart_is_forgotten_when_there_are_too_many() {
        let carts = Carts::default();
        for number in 0..=MOST_CARTS {
            carts.open(number.to_string());
        }
        assert!(carts.with("0", |_| ()).is_none());
        assert!(carts.with("1", |_| ()).is_some());
    }
}
