//! What every backend promises, checked from inside and outside real sandboxes.

use std::path::Path;
use std::time::{Duration, Instant};

use aca_protocol::agent::files;
use aca_sandbox::{Error, SandboxSpec, Status, sandbox_user};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Lab, Make};

/// Answers every connection with what it is sent.
const ECHO: &str = r#"perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("/aca/out/agent.sock"))
    or die; listen(S, 5); print "listening\n"; $|=1; while (accept(C, S)) { while (sysread(C, $b, 65536)) { syswrite(C, $b) } close C }'"#;

/// A program inside is the sandbox's user, has no capability and cannot get one.
pub(crate) async fn privileges(make: &Make) {
    let log = Lab::new(make)
        .run("id -u; id -g; pwd; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
        .await;
    let (uid, gid) = sandbox_user();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(
        lines[..3],
        [
            uid.to_string().as_str(),
            gid.to_string().as_str(),
            "/home/someone/a project"
        ],
        "{log}"
    );
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(log.contains(&format!("{set}:\t0000000000000000")), "{log}");
    }
    assert!(log.contains("NoNewPrivs:\t1") && log.contains("Seccomp:\t2"), "{log}");
}

/// The root directory and what is mounted to be read cannot be written; the workspace, the attempt and /tmp can.
pub(crate) async fn files(make: &Make) {
    let mut lab = Lab::new(make);
    let objects = lab.dir.path().join("objects.git");
    std::fs::create_dir(&objects).unwrap();
    std::fs::write(objects.join("head"), "object\n").unwrap();
    lab.spec.read_only = vec![objects.clone()];
    let shown = objects.display();
    let log = lab
        .run(&format!(
            "for f in /x /usr/x /etc/x /bin/x /aca/x /aca/bin/x {shown}/x; do touch $f 2>/dev/null && echo $f is writable; done
             echo >>/aca/bin/aca-agent && echo the agent is writable
             for f in '/home/someone/a project/x' /aca/out/x /tmp/x; do echo 1 >\"$f\" || echo $f is not; done
             cat {shown}/head; printf '#!/bin/sh\necho ran' >/tmp/p; chmod +x /tmp/p; /tmp/p
             head -c 20M /dev/zero >/tmp/big || echo full"
        ))
        .await;
    assert!(!log.contains("is writable") && !log.contains("is not"), "{log}");
    for expected in ["object\n", "ran", "full"] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    let made = lab.spec.workspace_source.join("x");
    assert_eq!(
        std::os::unix::fs::MetadataExt::uid(&made.metadata().unwrap()),
        sandbox_user().0
    );
}

/// Nothing of the host shows that was not asked for.
pub(crate) async fn host_files(make: &Make) {
    let mut lab = Lab::new(make);
    let secret = lab.dir.path().join("secret");
    std::fs::write(&secret, "").unwrap();
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".into());
    std::fs::create_dir(lab.dir.path().join("home")).unwrap();
    let host = std::process::id();
    let log = lab
        .run(&format!(
            "ls {} {home}/.cargo {home}/.ssh /run/docker.sock /var/run/docker.sock /var/lib/docker /host /new
             ls / ; grep docker.sock /proc/mounts; test -r /proc/1/environ && tr '\\0' '\\n' </proc/1/environ
             test -d /proc/{host}/task/{host} && echo host process is visible; echo pid $$; true",
            secret.display()
        ))
        .await;
    assert_eq!(
        log.matches("No such file").count() + log.matches("ermission denied").count(),
        8,
        "{log}"
    );
    assert!(log.contains("pid 1\n"), "{log}");
    for line in log.lines().filter(|line| line.contains('=')) {
        let name = line.split('=').next().unwrap();
        assert!(
            ["PATH", "HOME", "LANG", "TMPDIR", "HOSTNAME"].contains(&name) || line.starts_with('/'),
            "{line}"
        );
    }
}

/// There is no network but a loopback interface that works.
pub(crate) async fn network(make: &Make) {
    let log = Lab::new(make)
        .run(
            r#"sed -n 's/^ *\([^ |]*\):.*/if \1/p' /proc/net/dev; perl -e 'use Socket;
               socket(S, AF_INET, SOCK_STREAM, 0); print connect(S, pack_sockaddr_in(80, inet_aton("192.0.2.1"))) ? "out" : $!, "\n";
               socket(L, AF_INET, SOCK_STREAM, 0); bind(L, pack_sockaddr_in(8080, INADDR_LOOPBACK)); listen(L, 1);
               socket(T, AF_INET, SOCK_STREAM, 0); print "loopback ", connect(T, pack_sockaddr_in(8080, INADDR_LOOPBACK)) ? "works" : $!, "\n"'"#,
        )
        .await;
    let interfaces: Vec<&str> = log.lines().filter_map(|line| line.strip_prefix("if ")).collect();
    assert!(interfaces.contains(&"lo"), "{log}");
    // Kernels make fallback tunnels in every namespace; they lead nowhere and are down.
    let tunnels = [
        "lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0",
    ];
    assert!(interfaces.iter().all(|name| tunnels.contains(name)), "{log}");
    assert!(log.contains("unreachable") && log.contains("loopback works"), "{log}");
}

/// System calls that lead out of a sandbox, or to rarely tested parts of the kernel, are not permitted.
pub(crate) async fn system_calls(make: &Make) {
    let calls: &[(&str, &str)] = if cfg!(target_arch = "x86_64") {
        &[
            ("mount", "165, $n, $n, $n, 0, 0"),
            ("umount2", "166, $n, 0"),
            ("pivot_root", "155, $n, $n"),
            ("chroot", "161, $n"),
            ("unshare user", "272, 0x10000000"),
            ("unshare mount", "272, 0x20000"),
            ("setns", "308, 0, 0"),
            ("clone with a user namespace", "56, 0x10000011, 0, 0, 0, 0"),
            ("bpf", "321, 0, $n, 0"),
            ("add_key", "248, $n, $n, 0, 0, 0"),
            ("keyctl", "250, 0, 0, 0, 0"),
            ("ptrace", "101, 0, 0, 0, 0"),
            ("process_vm_readv", "310, 1, 0, 0, 0, 0, 0"),
            ("io_uring_setup", "425, 1, $n"),
            ("userfaultfd", "323, 0"),
            ("perf_event_open", "298, $n, 0, -1, -1, 0"),
            ("memfd_secret", "447, 0"),
            ("open_by_handle_at", "304, 0, $n, 0"),
            ("kexec_load", "246, 0, 0, 0, 0"),
            ("init_module", "175, $n, 0, $n"),
            ("vsock", "41, 40, 1, 0"),
            ("packet", "41, 17, 3, 0"),
            ("alg", "41, 38, 5, 0"),
            ("fsopen", "430, $n, 0"),
            ("open_tree", "428, -100, $n, 0"),
        ]
    } else {
        &[
            ("unshare user", "97, 0x10000000"),
            ("vsock", "198, 40, 1, 0"),
            ("io_uring_setup", "425, 1, $n"),
        ]
    };
    let lines = calls
        .iter()
        .map(|(name, call)| format!(r#"$! = 0; $r = syscall({call}); print "{name}: $r ", $! + 0, "\n";"#));
    let program = lines.collect::<String>();
    let log = Lab::new(make)
        .run(&format!("perl -e '$n = \"\\0\" x 256; {program}'"))
        .await;
    for (name, _) in calls {
        assert!(log.contains(&format!("{name}: -1 1\n")), "{name} is not refused: {log}");
    }
}

/// Programs of everyday work run: threads, pipes, signals, git where there is one.
pub(crate) async fn everyday_work(make: &Make) {
    let log = Lab::new(make)
        .run("echo a | tr a b; (sleep 60 & kill $!; wait $!; echo signal $?); find . | wc -l; date >/dev/null && echo dated")
        .await;
    for expected in ["b\n", "signal 143", "1\n", "dated"] {
        assert!(log.contains(expected), "{log}");
    }
}

/// More processes than allowed are refused inside and harm nobody else.
pub(crate) async fn process_limit(make: &Make) {
    let mut lab = Lab::new(make);
    lab.spec.limits.pids = 16;
    let program = r#"perl -e '$n = 0; for (1..100) { $p = fork(); last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print "forked $n\n"'"#;
    let log = lab.run(&format!("{program}; kill -9 -1")).await;
    let forked: u32 = log
        .lines()
        .find_map(|l| l.strip_prefix("forked "))
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| panic!("{log}"));
    assert!((5..16).contains(&forked), "{log}");
}

/// Starting is idempotent by name, and what has ended is never started again.
pub(crate) async fn starts_once(make: &Make) {
    let mut lab = Lab::new(make);
    assert_eq!(lab.status().await, Status::Absent);
    lab.script("echo begun; while [ ! -e /aca/out/go ]; do sleep 0.01; done; exit 7");
    let (first, second) = tokio::join!(lab.backend.start(&lab.spec), lab.backend.start(&lab.spec));
    first.and(second).unwrap_or_else(|e| panic!("{e}"));
    lab.wrote("begun").await;
    // A daemon that was started again knows nothing of the first.
    let later = (lab.make)();
    later.start(&lab.spec).await.unwrap();
    assert_eq!(later.inspect(&lab.spec.name).await.unwrap(), Status::Running);
    std::fs::write(lab.spec.out.join("go"), "").unwrap();
    assert_eq!(lab.exited().await, 7);
    later.start(&lab.spec).await.unwrap();
    assert_eq!(lab.exited().await, 7);
    assert_eq!(lab.log(), "begun\n");
}

/// A name belongs to the labels it was first used with.
pub(crate) async fn names_are_kept(make: &Make) {
    let mut lab = Lab::new(make);
    lab.script("echo begun");
    lab.start().await;
    lab.exited().await;
    let mut other = lab.spec.clone();
    other.labels.insert("aca.attempt".into(), "another".into());
    let refused = lab.backend.start(&other).await.unwrap_err();
    assert!(
        matches!(&refused, Error::NameTaken { label, .. } if label == "aca.attempt"),
        "{refused}"
    );
    assert_eq!(lab.log(), "begun\n");
}

/// Sandboxes are found by label, in every state, and removed for good.
pub(crate) async fn found_and_removed(make: &Make) {
    let mut lab = Lab::new(make);
    lab.script("exit 3");
    lab.start().await;
    lab.exited().await;
    let name = lab.spec.name.as_str();
    let found = lab.backend.list(("aca.attempt", name)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].name.as_str(), found[0].status),
        (name, Status::Exited { code: 3, oom: false })
    );
    assert!(
        lab.spec
            .labels
            .iter()
            .all(|label| found[0].labels.iter().any(|l| l == label))
    );
    assert!(lab.backend.list(("aca.attempt", "nothing")).await.unwrap().is_empty());
    for _ in 0..2 {
        lab.backend.remove(name).await.unwrap();
        assert_eq!(lab.status().await, Status::Absent);
    }
    assert!(lab.backend.list(("aca.attempt", name)).await.unwrap().is_empty());
    assert!(lab.spec.out.exists());
}

/// A stop takes less than a second and everything with it, whatever ignores signals or has left its session.
pub(crate) async fn stops_at_once(make: &Make) {
    let mut lab = Lab::new(make);
    lab.script(
        "trap '' TERM INT HUP
         perl -e 'use POSIX; if (!fork) { POSIX::setsid(); if (!fork) { $0 = \"aca stray\"; for (;;) { utime undef, undef, \"/aca/out/beat\"; open F, \">/aca/out/beat\"; sleep 1 } } exit }'
         (while :; do sleep 1; done) & echo begun; while :; do sleep 1; done",
    );
    lab.start().await;
    lab.wrote("begun").await;
    let asked = Instant::now();
    lab.backend.stop(&lab.spec.name).await.unwrap_or_else(|e| panic!("{e}"));
    let took = asked.elapsed();
    assert_eq!(lab.status().await, Status::Exited { code: 137, oom: false });
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    assert!(!processes().contains("aca stray"), "a process is left");
    // Nothing to stop is fine.
    lab.backend.stop(&lab.spec.name).await.unwrap();
}

/// Every command line on this machine.
fn processes() -> String {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .map(|e| std::fs::read(e.path().join("cmdline")).unwrap_or_default())
        .map(|l| String::from_utf8_lossy(&l).into_owned())
        .collect()
}

/// The stream carries bytes both ways as they are, and one connection after another.
pub(crate) async fn connects(make: &Make) {
    let mut lab = Lab::new(make);
    lab.script(ECHO);
    lab.start().await;
    for round in 0..2_u8 {
        let mut stream = lab
            .backend
            .connect(&lab.spec.name, &lab.spec.out)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        let sent: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8 ^ round).collect();
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        let mut received = vec![0; sent.len()];
        let both = async { tokio::try_join!(writer.write_all(&sent), reader.read_exact(&mut received)) };
        tokio::time::timeout(Duration::from_secs(30), both)
            .await
            .unwrap()
            .unwrap();
        assert!(sent == received, "bytes were changed in round {round}");
    }
}

/// What does not run cannot be connected to.
pub(crate) async fn connects_only_to_the_running(make: &Make) {
    let mut lab = Lab::new(make);
    let refused = lab.backend.connect(&lab.spec.name, &lab.spec.out).await.err().unwrap();
    assert!(matches!(refused, Error::NotRunning { .. }), "{refused}");
    lab.run("true").await;
    let refused = lab.backend.connect(&lab.spec.name, &lab.spec.out).await.err().unwrap();
    assert!(matches!(refused, Error::NotRunning { .. }), "{refused}");
}

/// A program that is not there is an error of the start, not a sandbox that seems to run.
pub(crate) async fn missing_program(make: &Make) {
    let mut lab = Lab::new(make);
    lab.spec.command = vec!["/nowhere/at/all".into()];
    let failed = lab.backend.start(&lab.spec).await.unwrap_err().to_string();
    assert!(failed.contains("/nowhere/at/all"), "{failed}");
    assert_ne!(lab.status().await, Status::Running);
}

/// A specification that would open the sandbox is refused before anything is made.
pub(crate) async fn bad_specification(make: &Make) {
    let mut lab = Lab::new(make);
    lab.script("true");
    lab.spec.read_only = vec!["/etc".into()];
    let refused = lab.backend.start(&lab.spec).await.unwrap_err();
    assert!(matches!(refused, Error::BadSpec { .. }), "{refused}");
    assert_eq!(lab.status().await, Status::Absent);
}

/// Output that nobody reads, without end, does not hold a stop up.
pub(crate) async fn flood(make: &Make) {
    let mut lab = Lab::new(make);
    lab.spec.command = [
        "/bin/sh",
        "-c",
        "echo begun >/aca/out/log; yes | head -c 50M; echo done >>/aca/out/log; yes",
    ]
    .map(String::from)
    .to_vec();
    lab.start().await;
    lab.wrote("done").await;
    let asked = Instant::now();
    lab.backend.stop(&lab.spec.name).await.unwrap();
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "it took {:?}",
        asked.elapsed()
    );
    assert!(Path::new(&lab.spec.out).exists());
}

/// The real agent is process 1, finds its attempt, and can be connected to or says in its outcome why not.
pub(crate) async fn the_agent(make: &Make) {
    let mut lab = Lab::new(make);
    lab.spec.command = SandboxSpec::agent_command();
    let attempt = serde_json::json!({
        "attempt": lab.spec.name, "nonce": "n", "driver": "direct", "workspace": lab.spec.workspace, "prompt": "p",
        "system": "", "model": "m", "conversation": "00000000-0000-4000-8000-000000000000", "gateway_token": "t",
        "limits": { "silence_secs": 600, "total_secs": 600, "max_turns": 1 },
    });
    let spec = lab.spec.out.join(files::SPEC);
    std::fs::write(&spec, attempt.to_string()).unwrap();
    lab.start().await;
    let mut stream = lab
        .backend
        .connect(&lab.spec.name, &lab.spec.out)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    // It waits for the engine to carry its model requests, so it is there until it is stopped; yamux speaks first when
    // it opens that stream.
    let mut first = [0];
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_exact(&mut first)).await;
    assert!(matches!(read, Ok(Ok(_))), "{read:?}, {:?}", lab.status().await);
    assert!(lab.spec.out.join(files::STARTED).exists());
    assert_eq!(lab.status().await, Status::Running);
}
