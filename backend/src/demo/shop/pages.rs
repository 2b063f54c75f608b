//! The shop's pages. Every value that is put into a page goes through `escape`; there is no script
//! and no style in them, so that the content security policy can forbid both.

use std::fmt::Write as _;

use shared::Timestamp;
use shared::api::merchant::{CheckoutSessionView, CreatedCheckoutSessionView};
use shared::text::{Language, tables};

use super::cart::{FREE_DELIVERY_FROM, Line, MOST_OF_ONE, Order, PRODUCTS, Product, Totals};
use super::markup::{escape, rupees};
use super::payment::{Means, Problem, Saving};
use super::words::{Words, fill};

/// What every page is drawn with.
pub struct Page {
    /// Its language.
    pub language: Language,
    /// How many pieces are in the cart.
    pub pieces: u32,
    /// Where the language switch leads, such as `/cart?` or `/paid?order=X&`.
    pub here: String,
}

impl Page {
    fn words(&self) -> &'static Words {
        Words::of(self.language)
    }

    fn draw(&self, title: &str, scripts: &str, main: &str) -> String {
        let words = self.words();
        let mut languages = String::new();
        for language in Language::ALL {
            let current = if language == self.language {
                r#" aria-current="true""#
            } else {
                ""
            };
            let _ = write!(
                languages,
                r#"<a href="{here}lang={tag}" lang="{tag}" hreflang="{tag}"{current}>{name}</a>"#,
                here = escape(&self.here),
                tag = language.tag(),
                name = escape(language.endonym()),
            );
        }
        let count = match self.pieces {
            0 => String::new(),
            pieces => {
                let spoken = fill(words.basket_count, &pieces.to_string());
                format!(
                    r#" <span class="count" aria-hidden="true">{pieces}</span><span class="unseen">, {}</span>"#,
                    escape(&spoken)
                )
            }
        };
        format!(
            include_str!("page.html"),
            lang = self.language.tag(),
            title = escape(title),
            shop = escape(words.shop),
            scripts = scripts,
            skip = escape(words.skip),
            nav_shop = escape(words.nav_shop),
            basket = escape(words.basket),
            count = count,
            nav_language = escape(words.nav_language),
            languages = languages,
            main = main,
            footer = escape(words.footer),
            inbox = escape(words.footer_inbox),
        )
    }

    /// The shop window.
    pub fn window(&self) -> String {
        let words = self.words();
        let mut cards = String::new();
        for product in PRODUCTS {
            let of = product.words(self.language);
            let _ = write!(
                cards,
                r#"<li class="tea"><img src="/shop/{slug}.svg" width="480" height="560" alt="{picture}">
<div class="tea-text"><p class="origin">{origin}</p><h3>{name}</h3><p class="taste">{taste}</p></div>
<form method="post" action="/cart/add"><input type="hidden" name="product" value="{slug}">
<p class="price">{price} <span class="pack">{pack}</span></p>
<button class="button" type="submit">{add}<span class="unseen"> – {name}</span></button></form></li>
"#,
                slug = product.slug,
                picture = escape(of.picture),
                origin = escape(of.origin),
                name = escape(of.name),
                taste = escape(of.taste),
                price = rupees(product.price),
                pack = escape(of.pack),
                add = escape(words.add),
            );
        }
        let main = format!(
            r##"<section class="hero"><div class="hero-text"><h1>{title}</h1><p>{text}</p><p><a class="button" href="#teas">{link}</a></p></div>
<img class="hero-picture" src="/shop/hills.svg" width="800" height="640" alt="{picture}"></section>
<section aria-labelledby="teas"><h2 id="teas" tabindex="-1">{teas}</h2><ul class="teas" role="list">
{cards}</ul></section>
<ul class="promises" role="list"><li>{fresh}</li><li>{delivery}</li><li>{returns}</li></ul>"##,
            title = escape(words.hero_title),
            text = escape(words.hero_text),
            link = escape(words.hero_link),
            picture = escape(words.hero_picture),
            teas = escape(words.teas),
            fresh = escape(words.promise_fresh),
            delivery = escape(&fill(words.promise_delivery, &rupees(FREE_DELIVERY_FROM))),
            returns = escape(words.promise_return),
        );
        self.draw(words.shop, "", &main)
    }

    /// The cart.
    pub fn cart(&self, lines: &[Line], totals: Totals) -> String {
        let words = self.words();
        if lines.is_empty() {
            return self.notice(
                words.cart_title,
                words.cart_empty,
                "/",
                words.cart_empty_link,
            );
        }
        let mut rows = String::new();
        for line in lines {
            rows.push_str(&self.cart_line(*line));
        }
        let main = format!(
            r#"<h1>{title}</h1><div class="split"><ul class="lines" role="list">
{rows}</ul>
<aside class="summary" aria-labelledby="summary"><h2 id="summary">{summary}</h2>{sums}
<p><a class="button wide" href="/checkout">{go}</a></p><p class="centre"><a href="/">{keep}</a></p></aside></div>"#,
            title = escape(words.cart_title),
            rows = rows,
            summary = escape(words.summary),
            sums = self.sums(totals),
            go = escape(words.to_checkout),
            keep = escape(words.keep_shopping),
        );
        self.draw(words.cart_title, "", &main)
    }

    fn cart_line(&self, line: Line) -> String {
        let words = self.words();
        let of = line.product.words(self.language);
        format!(
            r#"<li class="line" id="{slug}"><img src="/shop/{slug}.svg" width="480" height="560" alt="">
<div class="line-text"><h2>{name}</h2><p class="pack">{pack} · {each}</p>
<form class="stepper" method="post" action="/cart" aria-label="{quantity}"><input type="hidden" name="product" value="{slug}">
<button type="submit" name="quantity" value="{less}" aria-label="{fewer}"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2 8h12" stroke="currentColor" stroke-width="2"/></svg></button><span class="quantity">{amount}</span><button type="submit" name="quantity" value="{plus}" aria-label="{more}"{most}><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2 8h12M8 2v12" stroke="currentColor" stroke-width="2"/></svg></button></form></div>
<p class="line-price">{price}</p>
<form class="remove" method="post" action="/cart"><input type="hidden" name="product" value="{slug}"><button class="link" type="submit" name="quantity" value="0" aria-label="{remove_which}">{remove}</button></form></li>
"#,
            slug = line.product.slug,
            name = escape(of.name),
            pack = escape(of.pack),
            each = escape(&fill(words.each, &rupees(line.product.price))),
            quantity = escape(&fill(words.quantity, of.name)),
            less = line.quantity.saturating_sub(1),
            fewer = escape(&fill(words.fewer, of.name)),
            amount = line.quantity,
            plus = line.quantity.saturating_add(1).min(MOST_OF_ONE),
            more = escape(&fill(words.more, of.name)),
            most = if line.quantity < MOST_OF_ONE {
                ""
            } else {
                " disabled"
            },
            price = rupees(line.price()),
            remove_which = escape(&fill(words.remove_which, of.name)),
            remove = escape(words.remove),
        )
    }

    fn sums(&self, totals: Totals) -> String {
        let words = self.words();
        let delivery = match totals.delivery {
            0 => escape(words.free),
            paise => rupees(paise),
        };
        format!(
            r#"<dl class="sums"><div><dt>{goods}</dt><dd>{goods_sum}</dd></div><div><dt>{delivery}</dt><dd>{delivery_sum}</dd></div><div class="due"><dt>{total}</dt><dd>{due}</dd></div></dl><p class="small">{taxes}</p>"#,
            goods = escape(words.goods),
            goods_sum = rupees(totals.goods),
            delivery = escape(words.delivery),
            delivery_sum = delivery,
            total = escape(words.total),
            due = rupees(totals.due),
            taxes = escape(words.taxes),
        )
    }

    fn bought(&self, lines: &[Line]) -> String {
        let mut rows = String::new();
        for Line { product, quantity } in lines {
            let _ = write!(
                rows,
                r#"<li><img src="/shop/{slug}.svg" width="480" height="560" alt=""><span class="bought-name">{name}<span class="small">{quantity} × {each}</span></span><span>{price}</span></li>"#,
                slug = product.slug,
                name = escape(product.words(self.language).name),
                each = rupees(product.price),
                price = rupees(
                    Line {
                        product,
                        quantity: *quantity
                    }
                    .price()
                ),
            );
        }
        format!(r#"<ul class="bought" role="list">{rows}</ul>"#)
    }

    /// The checkout. Without a session the shop still sells, to guests.
    pub fn checkout(
        &self,
        onfile_url: &str,
        (lines, totals): (&[Line], Totals),
        session: Option<&CreatedCheckoutSessionView>,
        problem: Option<&Problem>,
    ) -> String {
        let words = self.words();
        let due = rupees(totals.due);
        let pay = escape(&fill(words.pay, &due));
        let pay_guest = escape(&fill(words.pay_guest, &due));
        let problem = problem
            .map(|problem| self.problem(problem))
            .unwrap_or_default();
        let (widget, fields) = match session {
            Some(session) => (
                self.slot(session),
                format!(
                    r#"<input type="hidden" name="session" value="{session}">
<p class="problem" id="problem" role="alert">{problem}</p>
<button class="button wide" id="pay" type="submit" name="way" value="session">{pay}</button>
<noscript><button class="button wide plain" type="submit" name="way" value="guest">{pay_guest}</button></noscript>
<p class="small centre" id="hint">{hint}</p>"#,
                    session = escape(&session.session_id),
                    problem = escape(&problem),
                    hint = escape(words.pay_hint),
                ),
            ),
            None => (
                format!(
                    r#"<p class="notice">{text} <a href="/checkout">{again}</a></p>"#,
                    text = escape(words.no_widget),
                    again = escape(words.try_again),
                ),
                format!(
                    r#"<p class="problem" id="problem" role="alert">{problem}</p>
<button class="button wide" id="pay" type="submit" name="way" value="guest">{pay_guest}</button>"#,
                    problem = escape(&problem),
                ),
            ),
        };
        let main = format!(
            r##"<div class="narrow"><h1>{title}</h1><div class="split checkout">
<section class="payment" aria-labelledby="payment"><p class="glance"><a href="#summary">{summary}</a> <strong>{due}</strong></p><h2 id="payment">{payment}</h2>
{widget}
<form id="pay-form" method="post" action="/pay" data-pay="{pay}" data-pay-guest="{pay_guest}" data-paying="{paying}" data-no-answer="{no_answer}" data-no-widget="{no_widget}" data-again="{again}">
{fields}</form></section>
<aside class="summary" aria-labelledby="summary"><h2 id="summary" tabindex="-1">{summary}</h2>{bought}{sums}<p class="centre"><a href="/cart">{edit}</a></p></aside></div></div>"##,
            title = escape(words.checkout_title),
            summary = escape(words.summary),
            bought = self.bought(lines),
            sums = self.sums(totals),
            edit = escape(words.edit_cart),
            payment = escape(words.payment),
            paying = escape(words.paying),
            no_answer = escape(words.problem_no_answer),
            no_widget = escape(words.no_widget),
            again = escape(words.start_again),
        );
        let scripts = session.map(|_| scripts(onfile_url)).unwrap_or_default();
        self.draw(words.checkout_title, &scripts, &main)
    }

    /// Where the widget goes. The session's secret is for the page that runs under it and no other;
    /// the page is never kept by any cache.
    fn slot(&self, session: &CreatedCheckoutSessionView) -> String {
        let words = self.words();
        format!(
            r#"<div id="checkout" class="slot" data-session-secret="{secret}" data-locale="{locale}"></div>
<noscript><iframe class="frame" src="{frame}" title="{frame_title}"></iframe></noscript>
<p class="small">{note} <a href="/inbox" target="_blank" rel="noopener">{link}<span class="unseen"> {tab}</span></a></p>"#,
            secret = escape(&session.session_secret),
            locale = self.language.tag(),
            frame = escape(&session.frame_url),
            frame_title = escape(words.frame_title),
            note = escape(words.demo_note),
            link = escape(words.demo_note_link),
            tab = escape(words.new_tab),
        )
    }

    /// A problem in words, for the place next to the button.
    pub fn problem(&self, problem: &Problem) -> String {
        let words = self.words();
        let text = match problem {
            Problem::EmptyCart => words.problem_empty,
            Problem::UnknownSession => words.problem_unknown,
            Problem::AmountChanged => words.problem_amount,
            Problem::Expired => words.problem_expired,
            Problem::NotChosen => words.problem_not_chosen,
            Problem::Busy => words.problem_busy,
            Problem::NoAnswer => words.problem_no_answer,
            Problem::NotEligible(reasons) => {
                let texts = tables::of(self.language);
                let mut text = words.problem_not_eligible.to_owned();
                for reason in reasons {
                    let _ = write!(text, " {}", texts.reason(reason.code));
                }
                return text;
            }
        };
        text.to_owned()
    }

    /// A problem on a page of its own, for when the checkout must be begun again.
    pub fn stopped(&self, problem: &Problem) -> String {
        let words = self.words();
        let (href, link) = match problem {
            Problem::EmptyCart => ("/", words.cart_empty_link),
            _ => ("/checkout", words.start_again),
        };
        self.notice(words.checkout_title, &self.problem(problem), href, link)
    }

    /// A title, a sentence, and one way on.
    pub fn notice(&self, title: &str, text: &str, href: &str, link: &str) -> String {
        let main = format!(
            r#"<div class="alone"><h1>{}</h1><p>{}</p><p><a class="button" href="{}">{}</a></p></div>"#,
            escape(title),
            escape(text),
            escape(href),
            escape(link),
        );
        self.draw(title, "", &main)
    }

    /// There is no such page.
    pub fn lost(&self) -> String {
        let words = self.words();
        self.notice(words.lost_title, words.lost_text, "/", words.shop_again)
    }

    /// The request made no sense.
    pub fn refused(&self) -> String {
        let words = self.words();
        self.notice(
            words.refused_title,
            words.refused_text,
            "/cart",
            words.cart_title,
        )
    }

    /// An order that is paid, and what the shop's server learned on the way.
    pub fn paid(&self, order: &Order) -> String {
        let words = self.words();
        let due = rupees(order.totals.due);
        let how = match order.means {
            Means::SavedCard => words.paid_saved,
            Means::NewCard { .. } => words.paid_new,
            Means::Guest => words.paid_guest,
        };
        let saving = match order.saving {
            Saving::NotAsked => "",
            Saving::Saved(_) => words.saved_yes,
            Saving::Failed => words.saved_no,
        };
        let learned = order.session.as_ref().map_or_else(
            || format!("<p>{}</p>", escape(words.learned_nothing)),
            |session| self.learned(session, &order.saving),
        );
        let main = format!(
            r#"<div class="split paid"><section><p class="origin">{number}</p><h1>{title}</h1><p class="lead">{how} {saving}</p><p class="small">{pretend}</p>
<section class="learned" aria-labelledby="learned"><h2 id="learned">{learned_title}</h2>{learned}</section>
<p><a class="button" href="/">{back}</a></p></section>
<aside class="summary" aria-labelledby="summary"><h2 id="summary">{summary}</h2>{bought}{sums}</aside></div>"#,
            number = escape(&fill(words.paid_order, &order.id)),
            title = escape(words.paid_title),
            how = escape(&fill(how, &due)),
            saving = escape(saving),
            pretend = escape(words.paid_pretend),
            learned_title = escape(words.learned_title),
            back = escape(words.shop_again),
            summary = escape(words.summary),
            bought = self.bought(&order.lines),
            sums = self.sums(order.totals),
        );
        self.draw(words.paid_title, "", &main)
    }

    fn learned(&self, session: &CheckoutSessionView, saving: &Saving) -> String {
        let words = self.words();
        let code = |text: &str| format!("<code>{}</code>", escape(text));
        let customer = match session.customer_id.as_str() {
            "" => escape(words.nobody),
            id => code(id),
        };
        let mut facts = vec![
            (words.session, code(&session.session_id)),
            (words.status, code(session.status.as_str())),
            (
                words.amount,
                session.amount.map_or_else(String::new, rupees),
            ),
            (words.customer, customer),
        ];
        match &session.selected {
            None => facts.push((words.chosen_card, escape(words.none_chosen))),
            Some(selected) => {
                let texts = tables::of(self.language);
                let (class, verdict) = if selected.decision.eligible {
                    ("yes", words.eligible)
                } else {
                    ("no", words.not_eligible)
                };
                let mut decision = format!(r#"<span class="{class}">{}</span>"#, escape(verdict));
                for reason in &selected.decision.reasons {
                    let _ = write!(
                        decision,
                        "<br>{} {}",
                        code(reason.code.as_str()),
                        escape(texts.reason(reason.code)),
                    );
                }
                facts.push((words.chosen_card, code(&selected.token_id)));
                facts.push((words.decision, decision));
            }
        }
        let consent = session.save_consent.as_ref().map_or_else(
            || escape(words.consent_none),
            |given| {
                format!(
                    r#"{} <time datetime="{at}">{moment}</time>, {}, {}"#,
                    escape(words.consent_given),
                    escape(&fill(words.consent_text, &given.text_version)),
                    escape(given.language.endonym()),
                    at = given.given_at,
                    moment = escape(&moment(given.given_at)),
                )
            },
        );
        facts.push((words.consent, consent));
        facts.push((words.purpose, code(session.purpose.as_str())));
        if let Saving::Saved(token_id) = saving {
            facts.push((words.new_token, code(token_id)));
        }
        let mut rows = String::new();
        for (name, fact) in facts {
            let _ = write!(rows, "<div><dt>{}</dt><dd>{fact}</dd></div>", escape(name));
        }
        format!(
            r#"<p>{}</p><dl class="facts">{rows}</dl>"#,
            escape(words.learned_text)
        )
    }
}

/// The loader and the shop's own script, in this order and after the page is read.
fn scripts(onfile_url: &str) -> String {
    format!(
        r#"<script src="{}/widget/v1/onfile.js" defer></script>
<script src="/shop/shop.js" defer></script>"#,
        escape(onfile_url)
    )
}

/// `2026-11-25 03:07:42 UTC`
fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, clock) = (text.get(..10), text.get(11..19));
    format!(
        "{} {} UTC",
        date.unwrap_or_default(),
        clock.unwrap_or_default()
    )
}

/// The name of a product's picture exists for every product.
pub fn picture(slug: &str) -> Option<&'static str> {
    Product::find(slug)?;
    match slug {
        "darjeeling" => Some(include_str!("darjeeling.svg")),
        "nilgiri" => Some(include_str!("nilgiri.svg")),
        "masala" => Some(include_str!("masala.svg")),
        _ => None,
    }
}
