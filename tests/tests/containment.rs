//! What the user believes is contained: the facts as they are seen from inside a sandbox.

use aca_tests::lsp::Editor;
use aca_tests::scenario::{SHOP, TODO, one_command};
use aca_tests::{TestEnv, engine, wait};

const FACTS: &str = r#"
echo "uid=$(id -u)"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\t' | sed 's/:/=/'
echo "interfaces=$(ls /sys/class/net | tr '\n' ' ')"
echo "routes=$(tail -n +2 /proc/net/route | wc -l)"
for place in / /etc /usr /aca/bin /proc/sys; do
  if touch "$place/mark" 2>/dev/null; then echo "writable=$place"; fi
done
if (exec 3<>/dev/tcp/1.1.1.1/53) 2>/dev/null; then echo network=open; else echo network=none; fi
ls /var/run/docker.sock >/dev/null 2>&1 && echo socket=there || echo socket=none
echo "where=$PWD"
mount | grep -c ' / .*[(,]ro[,)]' | sed 's/^/rootro=/'
"#;

#[test]
fn a_sandbox_is_what_it_is_said_to_be() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command(&format!("({FACTS}) > facts.txt 2>&1")));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "gather facts");
    let ready = editor.await_ready(&workspace);
    let proposal = editor.proposal(&ready);
    let facts = &proposal
        .files
        .iter()
        .find(|file| file.path == "facts.txt")
        .expect("facts were written")
        .hunks[0]
        .new;
    let fact = |name: &str| {
        let line = facts.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} is missing in:\n{facts}"))
            .trim()
            .to_owned()
    };
    assert_ne!(fact("uid"), "0", "{facts}");
    assert_eq!(fact("CapEff"), "0000000000000000", "{facts}");
    assert_eq!(fact("CapBnd"), "0000000000000000", "{facts}");
    assert_eq!(fact("NoNewPrivs"), "1", "{facts}");
    assert_eq!(fact("Seccomp"), "2", "{facts}");
    assert_eq!(fact("interfaces"), "lo", "{facts}");
    assert_eq!(fact("routes"), "0", "{facts}");
    assert_eq!(fact("network"), "none", "{facts}");
    assert_eq!(fact("socket"), "none", "{facts}");
    assert_eq!(fact("where"), workspace.root().to_str().unwrap(), "{facts}");
    assert!(!facts.contains("writable="), "{facts}");
}

#[test]
fn the_users_tree_is_out_of_reach() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    let path = workspace.path("src/user.rs");
    env.script(&one_command(&format!(
        "echo broken > {}; rm -rf {}/.git",
        path.display(),
        workspace.root().display()
    )));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "break everything");
    env.model().await_requests(1, wait::LONG);
    let containers = env.containers();
    let mounts = engine::inspect(&containers[0])["Mounts"].clone();
    let sources: Vec<&str> = mounts
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|mount| mount["Source"].as_str())
        .collect();
    let exposed = sources.iter().any(|source| workspace.root().starts_with(source));
    assert!(!exposed, "the user's own tree is mounted: {sources:?}");
    let ready = editor.await_ready(&workspace);
    assert!(!editor.proposal(&ready).files.is_empty());
    assert!(
        workspace.read("src/user.rs").contains(TODO),
        "the agent wrote the user's file"
    );
    assert!(workspace.has(".git/HEAD"), "the agent removed the user's repository");
}

#[test]
fn containers_carry_labels_and_go_when_they_are_done() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&one_command("echo more >> README.md"));
    env.model().hold_after(1);
    let mut editor = Editor::start(&env, &workspace);
    let task = editor.run_text(&workspace, "more");
    env.model().await_requests(1, wait::LONG);
    let containers = env.running_containers();
    assert_eq!(containers.len(), 1);
    let inspected = engine::inspect(&containers[0]);
    let labels = &inspected["Config"]["Labels"];
    assert_eq!(labels["aca.task"], task.id.as_str());
    assert_eq!(labels["aca.session"], task.session.as_str());
    assert_eq!(
        format!("/{}", labels["aca.attempt"].as_str().unwrap()),
        inspected["Name"].as_str().unwrap()
    );
    assert_eq!(inspected["HostConfig"]["NetworkMode"], "none");
    assert_eq!(inspected["HostConfig"]["ReadonlyRootfs"], true);
    assert!(
        inspected["HostConfig"]["Memory"].as_u64() > Some(0),
        "there is no memory limit"
    );
    assert!(
        inspected["HostConfig"]["PidsLimit"].as_u64() > Some(0),
        "there is no process limit"
    );
    env.model().go_on();
    editor.await_ready(&workspace);
    wait::until_true("the container to go", wait::SHORT, || env.containers().is_empty());
}
