//! What going through Rivulet adds, compared with asking the provider
//! directly, and with nginx in between where nginx is installed.

use std::time::Duration;

use anyhow::Result;

use crate::{
    answer::Place,
    load::{Load, Measured, RATE, time_first_token},
    nginx::Nginx,
    report::{Report, Row},
    samples::Samples,
    world::{Server, Simulator, client},
};

/// Answers asked before any is timed.
const WARM_UP: usize = 20;

pub(crate) async fn run(streams: usize, window: Duration, asks: usize) -> Result<Report> {
    let client = client()?;
    let load = Load { streams, window };
    let simulator = Simulator::start(&client, &load.scripts()).await?;
    let direct = Place::provider(&simulator.url);

    let nginx = Nginx::start(&client, &simulator.url).await?;
    let of_nginx = match &nginx {
        None => None,
        Some(nginx) => {
            let place = Place::provider(&nginx.url);
            Some(load.put_on(&client, &place, &nginx.process).await?)
        }
    };
    drop(nginx);
    let of_direct = load.put_on(&client, &direct, &simulator.process).await?;

    let server = Server::start(&simulator.url)?;
    let rivulet = Place::rivulet(&server.url);
    // The same format as the provider's.
    let v1 = Place::provider(&server.url);
    let (mut alone_direct, mut alone) = (Samples::default(), Samples::default());
    let mut alone_v1 = Samples::default();
    for ask in 0..WARM_UP + asks {
        // In turn, so that a disturbance meets both.
        let times = (
            time_first_token(&client, &direct).await?,
            time_first_token(&client, &rivulet).await?,
            time_first_token(&client, &v1).await?,
        );
        if ask >= WARM_UP {
            alone_direct.add(times.0);
            alone.add(times.1);
            alone_v1.add(times.2);
        }
    }
    let of_rivulet = load.put_on(&client, &rivulet, &server.process).await?;
    let of_v1 = load.put_on(&client, &v1, &server.process).await?;

    let mut report = Report::new(format!(
        "First token: from the request to the first text, of {asks} short answers one after \
         another on warm connections, and of short answers beside {streams} answers of {RATE} \
         tokens/s.\nDelay of a token: its arrival minus when it was due, counted from the request; \
         what the first token was late is part of it.\nProcessor time: of the gateway's process \
         alone, per million tokens passed on, within {} s; Rivulet stores everything meanwhile.",
        window.as_secs()
    ));
    for (through, alone, steadily) in [
        ("page", &mut alone, of_rivulet),
        ("/v1", &mut alone_v1, of_v1),
    ] {
        let row = |what: &str, value, base, budget| {
            Row::new(format!("{through}: {what}"), "ms", value)
                .against("direct", base)
                .added_at_most(budget)
        };
        let (p50, p99) = (alone_direct.p50(), alone_direct.p99());
        report.add(row("first token, 1 stream, p50", alone.p50(), p50, 0.3));
        report.add(row("first token, 1 stream, p99", alone.p99(), p99, 1.5));
        steady(
            &mut report,
            through,
            streams,
            steadily,
            &of_direct,
            &of_nginx,
        );
    }
    Ok(report)
}

fn steady(
    report: &mut Report,
    through: &str,
    streams: usize,
    mut rivulet: Measured,
    direct: &Measured,
    nginx: &Option<Measured>,
) {
    let (mut direct, nginx) = (direct.clone(), nginx.clone());
    let row = |what: &str, value, base, budget| {
        Row::new(format!("{through}: {what}, {streams} streams"), "ms", value)
            .against("direct", base)
            .added_at_most(budget)
    };
    let (first, first_direct) = (&mut rivulet.first_token, &mut direct.first_token);
    report.add(row("first token p50", first.p50(), first_direct.p50(), 1.0));
    report.add(row(
        "first token p99",
        first.p99(),
        first_direct.p99(),
        10.0,
    ));
    let (delay, delay_direct) = (&mut rivulet.delay, &mut direct.delay);
    report.add(row(
        "delay of a token p50",
        delay.p50(),
        delay_direct.p50(),
        1.0,
    ));
    report.add(row(
        "delay of a token p99",
        delay.p99(),
        delay_direct.p99(),
        5.0,
    ));

    let cpu = rivulet.cpu_per_million;
    let what = format!("{through}: processor time per 1M tokens, {streams} streams");
    let Some(mut nginx) = nginx else {
        // nginx's 13 s, measured elsewhere, twice.
        let row = Row::new(what, "s", cpu).against("simulator", direct.cpu_per_million);
        report.add(row.at_most(26.0));
        return;
    };
    let row = Row::new(what, "s", cpu).against("nginx", nginx.cpu_per_million);
    report.add(row.times_at_most(2.0));
    let row = |what: &str, value, base| {
        Row::new(format!("{through}: {what}"), "ms", value).against("nginx", base)
    };
    let (first, delay) = (&mut nginx.first_token, &mut nginx.delay);
    report.add(row(
        "first token p99, beside nginx",
        rivulet.first_token.p99(),
        first.p99(),
    ));
    report.add(row(
        "delay of a token p99, beside nginx",
        rivulet.delay.p99(),
        delay.p99(),
    ));
}
