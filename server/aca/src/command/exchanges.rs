//! `aca exchanges`: what was asked of the model for a task, and what it answered.

use aca_protocol::methods::{Exchange, Exchanges, TaskParams, Tasks, TasksParams};
use aca_protocol::session::{ExchangeInfo, ExchangeParams, ExchangeRecord};
use ratatui::style::Stylize as _;
use serde_json::Value;

use crate::cli::ExchangesArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::terminal::{Align, Cell, Column, harmless, harmless_line, paint, table};
use crate::{figures, names, words};

/// Lists them, or shows one.
pub(crate) async fn run(context: &Context, args: ExchangesArgs) -> Result<Exit, Failure> {
    let root = context.root()?;
    let link = context.link(&root).await?;
    let tasks = link.client.call::<Tasks>(TasksParams { workspace: root }).await?;
    let task = names::task(&tasks, args.task.as_deref(), |_| true, names::NO_TASK)?
        .id
        .clone();
    let listed = link.client.call::<Exchanges>(TaskParams { task: task.clone() }).await?;
    let Some(number) = args.number else {
        list(context, &listed.exchanges);
        context.screen.result(&listed)?;
        link.close().await;
        return Ok(if listed.exchanges.is_empty() {
            Exit::Nothing
        } else {
            Exit::Done
        });
    };
    let wanted = args.attempt.as_deref().unwrap_or_default();
    let mut fitting = listed.exchanges.iter().rev().filter(|info| info.number == number);
    let info = fitting
        .find(|info| info.attempt.as_str().ends_with(wanted))
        .ok_or_else(|| {
            let message =
                format!("The task {task} has no exchange {number} like that; `aca exchanges {task}` lists them.");
            Failure::new(Exit::Nothing, message)
        })?;
    let params = ExchangeParams {
        task,
        attempt: info.attempt.clone(),
        number,
    };
    let record = link.client.call::<Exchange>(params).await?;
    show(context, &record);
    context.screen.result(&record)?;
    link.close().await;
    Ok(Exit::Done)
}

fn list(context: &Context, exchanges: &[ExchangeInfo]) {
    let screen = context.screen;
    if exchanges.is_empty() {
        screen.say("Nothing was asked of a model for this task yet, or it was before exchanges were kept.");
        return;
    }
    let column = |title, align, spare| Column { title, align, spare };
    let columns = [
        column("attempt", Align::Left, 0),
        column("n", Align::Right, 0),
        column("status", Align::Right, 0),
        column("took", Align::Right, 1),
        column("model", Align::Left, 3),
        column("in", Align::Right, 2),
        column("out", Align::Right, 2),
        column("", Align::Rest, 0),
    ];
    let rows: Vec<Vec<Cell>> = exchanges.iter().map(row).collect();
    let (heading, lines) = table(&columns, &rows, screen.width());
    screen.say(&paint(heading.dim()));
    for line in lines {
        screen.say(&paint(line));
    }
}

fn row(info: &ExchangeInfo) -> Vec<Cell> {
    let usage = &info.usage;
    let tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
    let status = info.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let error = harmless_line(info.error.as_deref().unwrap_or_default());
    vec![
        info.attempt.to_string().into(),
        info.number.to_string().into(),
        if info.error.is_some() || info.status.is_none_or(|status| status >= 400) {
            status.red()
        } else {
            status.into()
        },
        info.took_ms.map_or_else(|| "-".to_owned(), took).into(),
        harmless_line(info.model.as_deref().unwrap_or("-")).into(),
        figures::short_number(tokens).into(),
        figures::short_number(usage.output_tokens).into(),
        error.into(),
    ]
}

fn took(milliseconds: u64) -> String {
    if milliseconds < 10_000 {
        return format!("{}.{}s", milliseconds / 1000, milliseconds % 1000 / 100);
    }
    figures::short_span(milliseconds / 1000)
}

fn show(context: &Context, record: &ExchangeRecord) {
    let (info, request, response) = (&record.info, &record.request, &record.response);
    let mut text = format!("Exchange {} of {}", info.number, info.attempt);
    let usage = words::usage(&info.usage);
    if !usage.is_empty() {
        text.push_str(&format!(", {usage}"));
    }
    if let Some(error) = &info.error {
        text.push_str(&format!("\n{error}"));
    }
    if record.left_out > 0 {
        text.push_str(&format!("\n{} bytes of the bodies were left out.", record.left_out));
    }
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    text.push_str(&format!(
        "\n\n> {} {}\n",
        word(&request["method"]),
        word(&request["path"])
    ));
    headers(&mut text, '>', &request["headers"]);
    body(&mut text, &request["body"]);
    if response.is_null() {
        text.push_str("\nThere was no answer.");
    } else {
        text.push_str(&format!("\n< {}\n", response["status"]));
        headers(&mut text, '<', &response["headers"]);
        match response["frames"].as_array() {
            Some(frames) => frames.iter().for_each(|frame| text.push_str(&format!("{frame}\n"))),
            None => body(&mut text, &response["body"]),
        }
    }
    context.screen.say(&harmless(text.trim_end()));
}

fn headers(text: &mut String, mark: char, headers: &Value) {
    for (name, value) in headers.as_object().into_iter().flatten() {
        text.push_str(&format!("{mark} {name}: {}\n", value.as_str().unwrap_or_default()));
    }
}

fn body(text: &mut String, body: &Value) {
    match body {
        Value::Null => text.push_str("(The body is not there any more: newer exchanges took its place.)\n"),
        Value::String(body) => text.push_str(&format!("{body}\n")),
        body => text.push_str(&format!("{body:#}\n")),
    }
}
