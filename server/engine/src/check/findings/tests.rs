//! Outputs of real tools as a table: what they print, what is found.

use super::*;

/// Finds in an output; each finding as `path:line [w] message`, with lines counted from one.
fn found(paths: &[&str], output: &str) -> Vec<String> {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let files = Files::new(Path::new("/ws"), &paths);
    let shown = |found: Found| {
        let mild = if found.error { "" } else { " [w]" };
        format!("{}:{}{mild} {}", found.path, found.line + 1, found.message)
    };
    findings(output, &files).into_iter().map(shown).collect()
}

#[test]
fn all_forms_compile() {
    assert_eq!(PATTERNS.len(), FORMS.len());
}

#[test]
fn rustc_and_cargo() {
    let output = r#"
   Compiling shop v0.1.0 (/ws)
error[E0308]: mismatched types
 --> src/bad.rs:1:26
  |
1 | fn main() { let x: u32 = "a"; y(); }
  |                    ---   ^^^ expected `u32`, found `&str`
  |                    |
  |                    expected due to this

warning: unused variable: `unused`
 --> src/lib.rs:2:9
  |
2 |     let unused = 1;
  |         ^^^^^^ help: if this is intentional, prefix it with an underscore: `_unused`

note: function defined here
   --> src/lib.rs:9:4

error: aborting due to 2 previous errors
"#;
    let want = [
        "src/bad.rs:1 error[E0308]: mismatched types",
        "src/lib.rs:2 [w] unused variable: `unused`",
    ];
    assert_eq!(found(&["src/bad.rs", "src/lib.rs"], output), want);
}

#[test]
fn a_panic_of_a_rust_test() {
    let output = r#"
---- adds stdout ----

thread 'adds' (2005) panicked at src/lib.rs:8:5:
assertion `left == right` failed: sum
  left: -1
 right: 3
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/5980/library/std/src/panicking.rs:689:5
   4: shop::adds
             at ./src/lib.rs:8:5
"#;
    let want = ["src/lib.rs:8 assertion `left == right` failed: sum"];
    assert_eq!(found(&["src/lib.rs"], output), want);
}

#[test]
fn gcc_and_clang() {
    let output = "
a.c: In function ‘f’:
a.c:3:10: warning: implicit declaration of function ‘g’ [-Wimplicit-function-declaration]
    3 |   return g(a) + \"x\";
      |          ^
../src/b.c:7:2: fatal error: missing.h: No such file or directory
/ws/src/b.c:9:1: note: declared here
/usr/include/stdio.h:1:1: error: not ours
make: *** [Makefile:12: all] Error 1
";
    let want = [
        "a.c:3 [w] implicit declaration of function ‘g’ [-Wimplicit-function-declaration]",
        "src/b.c:7 missing.h: No such file or directory",
    ];
    assert_eq!(found(&["a.c", "src/b.c", "Makefile"], output), want);
}

#[test]
fn typescript_plain_and_pretty() {
    let output = "
src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.
src/a.ts:4:7 - error TS2304: Cannot find name 'y'.

4       y();
        ~

Found 2 errors in the same file, starting at: src/a.ts:3
";
    let want = [
        "src/a.ts:3 error TS2322: Type 'string' is not assignable to type 'number'.",
        "src/a.ts:4 error TS2304: Cannot find name 'y'.",
    ];
    assert_eq!(found(&["src/a.ts"], output), want);
}

#[test]
fn eslint() {
    let output = "
/ws/src/a.js
  3:5   error    'x' is assigned a value but never used  no-unused-vars
  10:1  warning  Unexpected console statement            no-console

/ws/src/unknown.js
  1:1  error  Parsing error: Unexpected token

✖ 3 problems (2 errors, 1 warning)
";
    let want = [
        "src/a.js:3 'x' is assigned a value but never used  no-unused-vars",
        "src/a.js:10 [w] Unexpected console statement            no-console",
    ];
    assert_eq!(found(&["src/a.js"], output), want);
}

#[test]
fn node() {
    let output = "
node:assert:90
  throw new AssertionError(obj);
  ^

AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

1 !== 2

    at t (/ws/a.js:3:10)
    at Object.<anonymous> (/ws/a.js:5:1)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)
";
    let want = ["a.js:3 AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:"];
    assert_eq!(found(&["a.js"], output), want);
}

#[test]
fn python() {
    let output = "
Traceback (most recent call last):
  File \"/ws/b.py\", line 2, in <module>
    f(0)
  File \"/ws/pkg/a.py\", line 2, in f
    return 1 / x
           ~~^~~
  File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads
    return _default_decoder.decode(s)
ZeroDivisionError: division by zero
  File \"/ws/c.py\", line 1
    def f(:
          ^
SyntaxError: invalid syntax
";
    let want = [
        "pkg/a.py:2 ZeroDivisionError: division by zero",
        "c.py:1 SyntaxError: invalid syntax",
    ];
    assert_eq!(found(&["b.py", "pkg/a.py", "c.py"], output), want);
}

#[test]
fn pytest() {
    let output = "
=================================== FAILURES ===================================
____________________________________ test_f ____________________________________

    def test_f():
>       assert f(1) == 2
E       assert 1.0 == 2
E        +  where 1.0 = f(1)

pkg/test_a.py:5: AssertionError
=========================== short test summary info ============================
FAILED pkg/test_a.py::test_f - assert 1.0 == 2
";
    assert_eq!(found(&["pkg/test_a.py"], output), ["pkg/test_a.py:5 assert 1.0 == 2"]);
}

#[test]
fn ruff_and_mypy() {
    let output = "
F401 [*] `os` imported but unused
 --> a.py:1:8
  |
1 | import os
  |        ^^
a.py:2:1: E302 Expected 2 blank lines, found 1
a.py:3: error: Incompatible return value type (got \"str\", expected \"int\")  [return-value]
a.py:3: note: See the documentation
Found 1 error in 1 file (checked 1 source file)
";
    let want = [
        "a.py:1 F401 [*] `os` imported but unused",
        "a.py:2 E302 Expected 2 blank lines, found 1",
        "a.py:3 Incompatible return value type (got \"str\", expected \"int\")  [return-value]",
    ];
    assert_eq!(found(&["a.py"], output), want);
}

#[test]
fn go() {
    let output = "
# example.com/shop
./main.go:5:2: undefined: x
--- FAIL: TestAdd (0.00s)
    add_test.go:12: got 1, want 2
FAIL
FAIL\texample.com/shop/calc\t0.002s
";
    let want = ["main.go:5 undefined: x", "calc/add_test.go:12 got 1, want 2"];
    assert_eq!(found(&["main.go", "calc/add_test.go"], output), want);
}

#[test]
fn java_and_kotlin() {
    let output = "
src/main/java/A.java:3: error: ';' expected
[ERROR] /ws/src/main/java/A.java:[7,12] cannot find symbol
[WARNING] /ws/src/main/java/A.java:[8,1] unchecked call
e: file:///ws/src/B.kt:4:9 Unresolved reference: foo
w: file:///ws/src/B.kt:5:9 Variable 'x' is never used
";
    let want = [
        "src/main/java/A.java:3 ';' expected",
        "src/main/java/A.java:7 cannot find symbol",
        "src/main/java/A.java:8 [w] unchecked call",
        "src/B.kt:4 Unresolved reference: foo",
        "src/B.kt:5 [w] Variable 'x' is never used",
    ];
    assert_eq!(found(&["src/main/java/A.java", "src/B.kt"], output), want);
}

#[test]
fn a_name_that_two_files_end_with_is_nobodys() {
    assert_eq!(found(&["a/x.go", "b/x.go"], "x.go:1: no"), Vec::<String>::new());
    assert_eq!(found(&["a/x.go", "b/xx.go"], "x.go:1: yes"), ["a/x.go:1 yes"]);
    assert_eq!(found(&["a/x.go"], "../../x.go:0: first line"), ["a/x.go:1 first line"]);
}

#[test]
fn a_flood_is_bounded_and_repetitions_are_one() {
    let same = "a.c:1:1: error: x\n".repeat(50);
    assert_eq!(found(&["a.c"], &same).len(), 1);
    let flood: String = (1..5000)
        .map(|n| format!("a.c:{n}:1: error: {}\n", "y".repeat(2000)))
        .collect();
    let found = found(&["a.c"], &flood);
    assert_eq!(found.len(), MAX_FINDINGS);
    assert!(found.iter().all(|found| found.len() < MAX_MESSAGE + 20));
}
