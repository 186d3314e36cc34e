//! How fast texts without secrets pass, which nearly all are; `copy` is what any pass costs at least.

use aca_redact::Redactor;
use divan::Bencher;
use divan::counter::BytesCount;

fn main() {
    divan::main();
}

/// Source code, as journals and exchanges are full of.
fn code() -> String {
    include_str!("../src/json.rs").repeat(64)
}

/// An event as the engine records them.
fn event() -> String {
    let told = "Reject empty names, and say in the error which field it was. ".repeat(4);
    serde_json::json!({"event": "told", "task": "t-5f0c", "id": "m1", "text": told}).to_string()
}

#[divan::bench]
fn copy(bencher: Bencher<'_, '_>) {
    let text = code();
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| divan::black_box(&text).to_owned());
}

#[divan::bench]
fn text(bencher: Bencher<'_, '_>) {
    let (text, redactor) = (code(), Redactor::default());
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| redactor.text(divan::black_box(&text)).len());
}

#[divan::bench]
fn stream_in_chunks_of_4_kib(bencher: Bencher<'_, '_>) {
    let (text, redactor) = (code(), Redactor::default());
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut stream = redactor.stream();
        let chunks = text.as_bytes().chunks(4096).map(|chunk| stream.push(chunk).len());
        let out: usize = chunks.sum();
        out + stream.finish().len()
    });
}

#[divan::bench]
fn json_of_one_event(bencher: Bencher<'_, '_>) {
    let (event, redactor) = (event(), Redactor::default());
    bencher
        .counter(BytesCount::of_str(&event))
        .bench(|| redactor.json(divan::black_box(&event)).len());
}
