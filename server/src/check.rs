//! `rivulet check`: reaches for every provider and tells what came of it.

use gateway::{Checked, ProviderConfig, ProviderGateway};
use protocol::ProblemKind;

use crate::config::{Config, Settings};

/// Reaches for every provider and says what came of it. Returns whether all
/// that are configured can be used.
///
/// # Errors
/// A sentence for the operator: bad configuration.
pub async fn check(settings: Settings) -> anyhow::Result<(String, bool)> {
    let mut config = Config::load(settings, |name| std::env::var(name).ok())?;
    // The demo would always be well.
    config.demo = false;
    let providers = config.gateway.providers.clone();
    let gateway = ProviderGateway::new(config.gateway, None)?;
    let mut rows = vec![
        [
            "provider",
            "address",
            "reached",
            "key",
            "models",
            "round trip",
        ]
        .map(str::to_owned),
    ];
    let mut reasons = Vec::new();
    for checked in gateway.check().await {
        let Some(provider) = providers.iter().find(|it| it.name == checked.provider) else {
            continue;
        };
        if let Err(error) = &checked.models
            && !provider.optional
        {
            reasons.push(format!("{}: {}", checked.provider, error.to_problem()));
        }
        rows.push(row(provider, &checked));
    }
    let mut text = table(&rows);
    for reason in &reasons {
        text.push_str(&format!("\n{reason}\n"));
    }
    if providers.iter().all(|provider| provider.optional) {
        text.push_str("\nNo provider is configured: the page runs on its demo model.\n");
    }
    Ok((text, reasons.is_empty()))
}

fn row(provider: &ProviderConfig, checked: &Checked) -> [String; 6] {
    let (reached, key, models) = match &checked.models {
        Ok(models) => ("yes", "accepted", models.to_string()),
        Err(error) if error.kind == ProblemKind::Auth => ("yes", "refused", "-".to_owned()),
        // A web page in place of a list came from somewhere, too.
        Err(error) if error.status.is_some() || error.kind == ProblemKind::Malformed => {
            ("yes", "?", "-".to_owned())
        }
        Err(_) => ("no", "-", "-".to_owned()),
    };
    let key = match (key, &provider.key) {
        ("refused", None) => "needed",
        (_, None) => "-",
        (key, Some(_)) => key,
    };
    [
        match provider.optional {
            true => format!("{} (looked for)", provider.name),
            false => provider.name.clone(),
        },
        provider.shown_address(),
        reached.to_owned(),
        key.to_owned(),
        models,
        format!("{} ms", checked.took.as_millis()),
    ]
}

/// Rows of one width a column.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column)))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gateway::{Clocks, Format};
    use secrecy::SecretString;

    use super::*;

    fn provider(key: Option<&str>) -> ProviderConfig {
        ProviderConfig {
            name: "a".to_owned(),
            label: "A".to_owned(),
            format: Format::OpenAi,
            base_url: "https://me:secret@host/v1?key=secret".parse().unwrap(),
            key: key.map(SecretString::from),
            simulated: false,
            models: None,
            optional: false,
            clocks: Clocks::default(),
        }
    }

    #[test]
    fn a_row_tells_what_was_found_and_no_secret() {
        let checked = Checked {
            provider: "a".to_owned(),
            address: "https://me:secret@host/v1?key=secret".to_owned(),
            models: Ok(3),
            took: Duration::from_millis(5),
        };
        let with_key = ["a", "https://host/v1", "yes", "accepted", "3", "5 ms"];
        assert_eq!(row(&provider(Some("k")), &checked), with_key);
        assert_eq!(row(&provider(None), &checked)[3], "-");
    }
}
