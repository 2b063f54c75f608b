//! The shop's own words, one table per language. A missing word does not compile.
//!
//! Why a card cannot be used is said in the words of `shared::text`, so that shop and widget agree.

use shared::text::Language;

macro_rules! words {
    ($($name:ident: $en:literal, $hi:literal;)*) => {
        /// Every text of the shop in one language. `{}` stands for the one value a text takes.
        pub struct Words { $(#[doc = $en] pub $name: &'static str,)* }

        static EN: Words = Words { $($name: $en,)* };
        static HI: Words = Words { $($name: $hi,)* };
    };
}

impl Words {
    /// The table of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Hi => &HI,
        }
    }
}

/// A text with its value in place.
pub fn fill(text: &str, value: &str) -> String {
    text.replacen("{}", value, 1)
}

words! {
    shop: "Tamra Tea", "ताम्र चाय";
    skip: "Skip to content", "सीधे सामग्री पर जाएँ";
    nav_shop: "Shop", "दुकान";
    nav_language: "Language", "भाषा";
    basket: "Basket", "टोकरी";
    basket_count: "{} in the basket", "टोकरी में {}";
    footer: "A demo shop. Nothing is sold, no money moves, and no card is real.", "यह एक डेमो दुकान है। यहाँ न कुछ बिकता है, न पैसा चलता है, न कोई कार्ड असली है।";
    footer_inbox: "Messages to phones", "फ़ोन के संदेश";

    hero_title: "Three teas, from the hills to your cup.", "तीन चाय, पहाड़ों से आपकी प्याली तक।";
    hero_text: "Single gardens, small lots, packed in Siliguri within a week of plucking.", "एक-एक बाग़ान, छोटी खेप, तोड़ने के एक हफ़्ते के भीतर सिलीगुड़ी में पैक।";
    hero_link: "See the teas", "चाय देखें";
    hero_picture: "Rows of tea bushes on hills at sunrise", "सूर्योदय के समय पहाड़ियों पर चाय की क़तारें";
    teas: "This season", "इस मौसम में";
    add: "Add to basket", "टोकरी में डालें";
    promise_delivery: "Free delivery from {}", "{} से मुफ़्त डिलीवरी";
    promise_fresh: "Packed to order", "ऑर्डर पर पैक";
    promise_return: "30 days to change your mind", "मन बदलने के लिए 30 दिन";

    cart_title: "Your basket", "आपकी टोकरी";
    cart_empty: "Your basket is empty.", "आपकी टोकरी ख़ाली है।";
    cart_empty_link: "Choose a tea", "कोई चाय चुनें";
    quantity: "Quantity of {}", "{} की मात्रा";
    fewer: "One fewer {}", "{} एक कम";
    more: "One more {}", "{} एक और";
    remove: "Remove", "हटाएँ";
    remove_which: "Remove {}", "{} हटाएँ";
    each: "{} each", "प्रति पैक {}";
    summary: "Order summary", "ऑर्डर का सार";
    goods: "Tea", "चाय";
    delivery: "Delivery", "डिलीवरी";
    free: "Free", "मुफ़्त";
    total: "Total", "कुल";
    taxes: "Prices include GST.", "क़ीमतों में जीएसटी शामिल है।";
    to_checkout: "Go to checkout", "चेकआउट पर जाएँ";
    keep_shopping: "Keep shopping", "और ख़रीदें";
    edit_cart: "Edit basket", "टोकरी बदलें";

    checkout_title: "Checkout", "चेकआउट";
    payment: "Payment", "भुगतान";
    frame_title: "Secure checkout by Onfile", "Onfile द्वारा सुरक्षित चेकआउट";
    pay: "Pay {}", "{} चुकाएँ";
    pay_guest: "Pay {} as a guest", "अतिथि के रूप में {} चुकाएँ";
    pay_hint: "Choose how to pay above, then confirm here.", "ऊपर भुगतान का तरीक़ा चुनें, फिर यहाँ पुष्टि करें।";
    paying: "Paying…", "भुगतान हो रहा है…";
    demo_note: "This is a demo: the code arrives in the", "यह डेमो है: कोड यहाँ आता है —";
    demo_note_link: "message inbox", "संदेश इनबॉक्स";
    new_tab: "(opens in a new tab)", "(नए टैब में खुलेगा)";
    no_widget: "Saved cards cannot be shown just now. You can pay with a new card as a guest, or try again in a moment.", "सहेजे गए कार्ड अभी नहीं दिखाए जा सकते। आप नए कार्ड से अतिथि के रूप में भुगतान कर सकते हैं, या थोड़ी देर में फिर कोशिश करें।";
    try_again: "Try again", "फिर कोशिश करें";
    start_again: "Start the checkout again", "चेकआउट फिर से शुरू करें";

    problem_empty: "Your basket is empty, so there is nothing to pay.", "आपकी टोकरी ख़ाली है, इसलिए कुछ चुकाना नहीं है।";
    problem_unknown: "This checkout is no longer open here.", "यह चेकआउट अब यहाँ खुला नहीं है।";
    problem_amount: "Your basket changed after this checkout was opened. Nothing was charged.", "चेकआउट खुलने के बाद आपकी टोकरी बदल गई। कोई पैसा नहीं लिया गया।";
    problem_expired: "This checkout ran out of time. Nothing was charged.", "इस चेकआउट का समय समाप्त हो गया। कोई पैसा नहीं लिया गया।";
    problem_not_chosen: "Choose how to pay first: a saved card, another card, or as a guest.", "पहले भुगतान का तरीक़ा चुनें: सहेजा गया कार्ड, दूसरा कार्ड, या अतिथि के रूप में।";
    problem_not_eligible: "This card cannot be used right now.", "यह कार्ड अभी इस्तेमाल नहीं हो सकता।";
    problem_busy: "This payment is already being made. Wait a moment.", "यह भुगतान पहले से हो रहा है। थोड़ा रुकें।";
    problem_no_answer: "The payment could not be confirmed, so nothing was charged. Try again in a moment.", "भुगतान की पुष्टि नहीं हो सकी, इसलिए कोई पैसा नहीं लिया गया। थोड़ी देर में फिर कोशिश करें।";

    paid_title: "Thank you. Your tea is on its way.", "धन्यवाद। आपकी चाय रास्ते में है।";
    paid_order: "Order {}", "ऑर्डर {}";
    paid_saved: "Paid {} with a saved card.", "सहेजे गए कार्ड से {} का भुगतान हुआ।";
    paid_new: "Paid {} with a new card.", "नए कार्ड से {} का भुगतान हुआ।";
    paid_guest: "Paid {} with a new card, as a guest.", "अतिथि के रूप में नए कार्ड से {} का भुगतान हुआ।";
    paid_pretend: "The payment is pretended: a real shop hands the card to its payment processor here.", "यह भुगतान केवल दिखावा है: असली दुकान यहाँ कार्ड अपने भुगतान प्रोसेसर को सौंपती है।";
    saved_yes: "The card was saved for next time.", "कार्ड अगली बार के लिए सहेज लिया गया।";
    saved_no: "The card could not be saved. The payment is not affected.", "कार्ड सहेजा नहीं जा सका। भुगतान पर इसका कोई असर नहीं है।";
    learned_title: "What the shop’s server learned", "दुकान के सर्वर को क्या पता चला";
    learned_text: "Read from Onfile by the shop’s server when you pressed pay. The browser’s word was not asked.", "आपके भुगतान का बटन दबाने पर दुकान के सर्वर ने यह Onfile से पढ़ा। ब्राउज़र की बात पर भरोसा नहीं किया गया।";
    learned_nothing: "Nothing: a guest stays unknown, and Onfile was not needed.", "कुछ नहीं: अतिथि अनजान रहता है, और Onfile की ज़रूरत नहीं पड़ी।";
    session: "Checkout session", "चेकआउट सत्र";
    status: "Status", "स्थिति";
    customer: "Customer", "ग्राहक";
    nobody: "Nobody", "कोई नहीं";
    chosen_card: "Chosen card", "चुना गया कार्ड";
    none_chosen: "None", "कोई नहीं";
    decision: "Decision", "निर्णय";
    eligible: "Eligible", "इस्तेमाल योग्य";
    not_eligible: "Not eligible", "इस्तेमाल योग्य नहीं";
    consent: "Consent to save", "सहेजने की सहमति";
    consent_none: "Not given", "नहीं दी गई";
    consent_given: "Given", "दी गई:";
    purpose: "Purpose", "उद्देश्य";
    amount: "Amount", "राशि";
    consent_text: "wording {}", "पाठ संस्करण {}";
    new_token: "New card token", "नया कार्ड टोकन";
    shop_again: "Back to the shop", "दुकान पर वापस";

    lost_title: "There is nothing here", "यहाँ कुछ नहीं है";
    lost_text: "This page does not exist, or it belongs to another browser.", "यह पृष्ठ नहीं है, या किसी दूसरे ब्राउज़र का है।";
    refused_title: "That did not work", "यह नहीं हो सका";
    refused_text: "The shop could not make sense of this request. Nothing was changed.", "दुकान इस अनुरोध को समझ नहीं सकी। कुछ भी बदला नहीं गया।";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_where_the_text_says() {
        assert_eq!(fill(Words::of(Language::En).pay, "₹719"), "Pay ₹719");
        assert_eq!(fill(Words::of(Language::Hi).pay, "₹719"), "₹719 चुकाएँ");
    }
}
