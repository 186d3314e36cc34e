//! A pseudo-terminal with a program on it: keys go in, and the screen is what a terminal would show.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::World;

/// Nothing here takes longer than this unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of 80 columns and 24 lines.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
}

impl Terminal {
    /// Runs `aca` in a world.
    pub(crate) fn start(world: &World, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let plain = world.command(args);
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        Self::run(command, &plain, variables)
    }

    /// Runs a shell in a world.
    pub(crate) fn shell(world: &World) -> Self {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-i"]);
        Self::run(
            command,
            &world.command(&[]),
            &[("PS1", "$ "), ("HISTFILE", "/dev/null")],
        )
    }

    /// Runs a program where, and with the environment that, another one would have.
    fn run(mut command: CommandBuilder, plain: &Command, variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        command.cwd(plain.get_current_dir().unwrap());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = reader.read(&mut buffer)
                && length > 0
                && sender.send(buffer[..length].to_vec()).is_ok()
            {}
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            output,
            screen: vt100::Parser::new(number(24), number(80), 0),
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Gives it another size.
    pub(crate) fn resize(&mut self, columns: u16, lines: u16) {
        self.screen.screen_mut().set_size(number(lines), number(columns));
        self.master.resize(size(columns, lines)).unwrap();
    }

    /// Waits until all of some texts are on the screen, and returns it.
    pub(crate) fn wait_for(&mut self, texts: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.text();
            if texts.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            match self
                .output
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("{texts:?} did not appear ({error}):\n{screen}"),
            }
        }
    }

    /// Returns what is on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Whether the program has the screen for itself.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    /// Whether anything on the screen has a colour.
    pub(crate) fn has_colours(&self) -> bool {
        let (lines, columns) = self.screen.screen().size();
        let mut cells = (0..lines.get()).flat_map(|line| (0..columns.get()).map(move |column| (line, column)));
        cells.any(|(line, column)| {
            let cell = self.screen.screen().cell(line, column);
            cell.is_some_and(|cell| (cell.fgcolor(), cell.bgcolor()) != (vt100::Color::Default, vt100::Color::Default))
        })
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until the program ends; returns its exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        // The pseudo-terminal hangs up when the program, which alone has it, has ended.
        loop {
            match self
                .output
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.text()),
            }
        }
        self.child.wait().unwrap().exit_code()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
    }
}

/// Runs `aca` on a terminal that goes away once it shows `text`. Returns the exit code.
pub(crate) fn hung_up(world: &World, args: &[&str], text: &str) -> u32 {
    let plain = world.command(args);
    let mut command = CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.cwd(plain.get_current_dir().unwrap());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("TERM", "xterm-256color");
    let pair = native_pty_system().openpty(size(80, 24)).unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut screen = vt100::Parser::new(number(24), number(80), 0);
    let mut buffer = [0; 4096];
    while !screen.screen().contents().contains(text) {
        let length = reader.read(&mut buffer).unwrap();
        assert!(length > 0, "it ended before:\n{}", screen.screen().contents());
        screen.process(&buffer[..length]);
    }
    drop((reader, pair.master));
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.exit_code();
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it goes on without its terminal");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        if thread::panicking() {
            eprintln!("the screen at the end:\n{}", self.text());
        }
    }
}

fn number(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

fn size(columns: u16, lines: u16) -> PtySize {
    PtySize {
        rows: lines,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}
