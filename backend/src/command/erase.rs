//! `onfile erase`: who is due, erasing them, the list of the erased, and erasing again after a restore.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use shared::Timestamp;
use shared::customer::CustomerState;
use shared::id::{CustomerId, MerchantId};
use store::ErasureRecord;

use super::{
    CommandError, existing, lock, look, merchants_in, no_merchant, parse_merchant_id, print,
};
use crate::ambient::{Clock as _, SystemClock};
use crate::database::Database;
use crate::service::erasure::{self, Receipt};
use crate::service::{By, Fault, Onfile, merchants};
use crate::settings::{DataArguments, EraseArguments};
use crate::vault::Vault;

const PAGE: u32 = 500;
const BY: &str = "erase-command";

pub(super) async fn run(arguments: &EraseArguments) -> Result<(), CommandError> {
    let data = &arguments.data;
    let merchant_id = arguments
        .merchant_id
        .as_deref()
        .map(parse_merchant_id)
        .transpose()?;
    let customer = match (&merchant_id, &arguments.customer_id) {
        (Some(merchant_id), Some(text)) => {
            let customer_id = CustomerId::parse(text)
                .ok_or_else(|| CommandError::Plain("--customer-id is no customer id".into()))?;
            Some((merchant_id, customer_id))
        }
        _ => None,
    };
    match (&arguments.reapply, customer) {
        _ if arguments.list => list(data, merchant_id.as_ref()).await,
        (Some(file), _) => reapply(data, file, arguments.yes).await,
        (None, Some((merchant_id, customer_id))) if arguments.yes => {
            erase_one(data, merchant_id, &customer_id).await
        }
        (None, None) if arguments.yes => erase_due(data, merchant_id.as_ref()).await,
        (None, customer) => {
            let customer_id = customer.map(|(_, customer_id)| customer_id);
            say_due(data, merchant_id.as_ref(), customer_id.as_ref()).await
        }
    }
}

/// Every receipt as a line of JSON.
async fn list(data: &DataArguments, merchant_id: Option<&MerchantId>) -> Result<(), CommandError> {
    let (mut look, _) = look(data).await?;
    let view = &mut *look.view;
    for merchant in merchants_in(view, merchant_id).await? {
        let mut after = None;
        loop {
            let page = view
                .erasures(&merchant.merchant_id, after.as_ref(), PAGE)
                .await
                .map_err(Fault::from)?;
            let Some(last) = page.last() else { break };
            after = Some(last.customer_id.clone());
            for record in page {
                let line = serde_json::to_string(&Receipt::from(record))
                    .map_err(|error| CommandError::Plain(error.to_string()))?;
                print(&line);
            }
        }
    }
    Ok(())
}

/// Who is due and when others are: nothing is changed.
async fn say_due(
    data: &DataArguments,
    merchant_id: Option<&MerchantId>,
    customer_id: Option<&CustomerId>,
) -> Result<(), CommandError> {
    let (mut look, _) = look(data).await?;
    let view = &mut *look.view;
    let now = SystemClock::default().now();
    let (mut due, mut waiting) = (0, 0);
    for merchant in merchants_in(view, merchant_id).await? {
        let merchant_id = &merchant.merchant_id;
        let settings = merchants::settings_of(&merchant)?;
        let mut say = |deleted_at: Timestamp, customer_id: &CustomerId| {
            let at = erasure::due_at(&settings, deleted_at);
            let word = if at <= now {
                due += 1;
                "since"
            } else {
                waiting += 1;
                "at"
            };
            print(&format!(
                "{merchant_id} {customer_id}: deleted {deleted_at}, due {word} {at}"
            ));
        };
        if let Some(customer_id) = customer_id {
            let record = view
                .customer(merchant_id, customer_id)
                .await
                .map_err(Fault::from)?
                .ok_or_else(|| plain(&erasure::EraseError::NotFound))?;
            if record.state != CustomerState::Deleted {
                return Err(plain(&erasure::EraseError::NotDeleted));
            }
            say(record.state_since, customer_id);
            continue;
        }
        let mut after = None;
        loop {
            let page = view
                .deleted_customers(
                    merchant_id,
                    Timestamp::from_micros(i64::MAX),
                    after.as_ref(),
                    PAGE,
                )
                .await
                .map_err(Fault::from)?;
            for (deleted_at, customer_id) in &page {
                say(*deleted_at, customer_id);
            }
            match page.into_iter().last() {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    print(&format!(
        "due now: {due}; later: {waiting}; nothing was erased, --yes does it"
    ));
    Ok(())
}

fn plain(error: &erasure::EraseError) -> CommandError {
    CommandError::Plain(error.to_string())
}

/// Onfile on a database that is there, to change it. Nobody else serves it as long as the file is held.
struct Opened {
    app: Arc<Onfile>,
    alone: Option<File>,
    on_server: bool,
}

impl Opened {
    async fn new(data: &DataArguments) -> Result<Self, CommandError> {
        let database = Database::of(data)?;
        let on_server = database.path().is_none();
        let alone = if on_server {
            None
        } else {
            lock(&data.data_dir).ok()
        };
        Ok(Self {
            app: existing(data).await?,
            alone,
            on_server,
        })
    }

    /// Removes the traces, unless a server is to do it: it would have to wait meanwhile.
    async fn finish(self) -> Result<(), CommandError> {
        if self.alone.is_some() || self.on_server {
            erasure::scrub(&self.app).await?;
        } else if erasure::traces(&self.app).await?.is_some() {
            print(
                "a server runs on this database: it removes what is left in unused space of the file when it next erases, at its start and once a day",
            );
        }
        self.app.store.close().await;
        Ok(())
    }

    async fn merchant(
        &self,
        merchant_id: &MerchantId,
    ) -> Result<Arc<merchants::Merchant>, CommandError> {
        merchants::get(&self.app, merchant_id)
            .await?
            .ok_or_else(|| no_merchant(merchant_id))
    }
}

fn say_erased(receipt: &ErasureRecord) {
    let destroyed = receipt.destroyed;
    print(&format!(
        "{} {}: erased, with tokens {}, consents {}, decisions {}, sessions {}",
        receipt.merchant_id,
        receipt.customer_id,
        destroyed.tokens,
        destroyed.consents,
        destroyed.decisions,
        destroyed.sessions
    ));
}

async fn erase_one(
    data: &DataArguments,
    merchant_id: &MerchantId,
    customer_id: &CustomerId,
) -> Result<(), CommandError> {
    let opened = Opened::new(data).await?;
    let merchant = opened.merchant(merchant_id).await?;
    let receipt = erasure::erase(&opened.app, &merchant, &By::system(BY), customer_id)
        .await
        .map_err(|error| plain(&error))?;
    say_erased(&receipt);
    opened.finish().await
}

async fn erase_due(
    data: &DataArguments,
    merchant_id: Option<&MerchantId>,
) -> Result<(), CommandError> {
    let opened = Opened::new(data).await?;
    let mut view = opened.app.read().await.map_err(Fault::from)?;
    let mut count = 0;
    for merchant in merchants_in(&mut *view, merchant_id).await? {
        let merchant = opened.merchant(&merchant.merchant_id).await?;
        erasure::erase_due(&opened.app, &merchant, &By::system(BY), &mut |receipt| {
            count += 1;
            say_erased(receipt);
        })
        .await?;
    }
    print(&format!("erased: {count}"));
    opened.finish().await
}

/// Erases again whom a restored backup brought back.
async fn reapply(data: &DataArguments, file: &Path, yes: bool) -> Result<(), CommandError> {
    let (mut there, mut unknown) = (0, 0);
    if !yes {
        let (mut look, vault) = look(data).await?;
        let receipts = receipts_in(file, &vault)?;
        for receipt in &receipts {
            let found = look
                .view
                .customer(&receipt.merchant_id, &receipt.customer_id)
                .await
                .map_err(Fault::from)?;
            there += u64::from(found.is_some());
        }
        print(&format!(
            "receipts: {}; of these in the database: {there}; nothing was erased, --yes does it",
            receipts.len()
        ));
        return Ok(());
    }
    let opened = Opened::new(data).await?;
    let receipts = receipts_in(file, &opened.app.vault)?;
    for receipt in &receipts {
        match merchants::get(&opened.app, &receipt.merchant_id).await? {
            Some(merchant) => {
                let by = By::system(BY);
                let was = erasure::erase_again(&opened.app, &merchant, &by, receipt).await?;
                there += u64::from(was);
            }
            // the backup is older than the merchant
            None => unknown += 1,
        }
    }
    print(&format!(
        "receipts: {}; erased again: {there}; of unknown merchants: {unknown}",
        receipts.len()
    ));
    opened.finish().await
}

/// The receipts of a file. One that is not what it should be is refused as a whole.
fn receipts_in(path: &Path, vault: &Vault) -> Result<Vec<ErasureRecord>, CommandError> {
    let file = File::open(path).map_err(|error| CommandError::file(path, &error))?;
    let mut receipts = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(|error| CommandError::file(path, &error))?;
        let refused = |problem: &str| {
            CommandError::Plain(format!(
                "{}: line {number} {problem}; nothing was erased",
                path.display()
            ))
        };
        let receipt = Receipt::parse(&line)
            .ok_or_else(|| refused("is no receipt as `onfile erase --list` writes it"))?;
        if !erasure::is_genuine(vault, &receipt) {
            return Err(refused("was changed, or signed under another root key"));
        }
        receipts.push(receipt);
    }
    Ok(receipts)
}
