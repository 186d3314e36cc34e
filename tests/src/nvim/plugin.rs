//! Neovim with aca's plugin: keys that are pressed, the screen that a person sees, and what they are told and asked.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Nvim, headless};
use crate::{TestEnv, Workspace, parts, wait};

/// The set-up of a user of the plugin, as its README tells them to write it.
const INIT: &str = r"
vim.o.swapfile = false
vim.opt.runtimepath:prepend(vim.env.ACA_TEST_PLUGIN)
vim.lsp.config('aca', { cmd = { vim.env.ACA_TEST_ACA, 'lsp' } })
vim.lsp.enable('aca')
vim.o.number = true
vim.o.signcolumn = 'yes'
";

/// A screen of a known size, what the person is told, and answers to what they are asked: `_G.answers` are given one
/// after the other, and who is asked without one gives none.
const PERSON: &str = r"
vim.o.columns, vim.o.lines = 100, 34
_G.told, _G.asked, _G.answers, _G.events = {}, {}, {}, {}
vim.notify = function(text) table.insert(_G.told, text) end
vim.ui.input = function(options, on_text)
  table.insert(_G.asked, options.prompt)
  on_text(table.remove(_G.answers, 1))
end
vim.ui.select = function(items, options, on_choice)
  table.insert(_G.asked, options.prompt)
  local wanted = table.remove(_G.answers, 1)
  for _, item in ipairs(items) do
    if (options.format_item or tostring)(item):find(wanted or '\0', 1, true) then return on_choice(item) end
  end
  on_choice(nil)
end
vim.api.nvim_create_autocmd('User', {
  pattern = 'Aca*',
  callback = function(event) table.insert(_G.events, event.match) end,
})
";

/// Lua that returns the screen, a line each.
const SCREEN: &str = "
vim.cmd.redraw({ bang = true })
local lines = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do cells[column] = vim.fn.screenstring(row, column) end
  lines[row] = (table.concat(cells):gsub('%s+$', ''))
end
return table.concat(lines, '\\n')";

impl Nvim {
    /// Opens a file of a workspace with the plugin and waits until the server is attached to it.
    pub fn open_plugin(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        Self::open_plugin_set_up(env, workspace, file, "")
    }

    /// Like [`Nvim::open_plugin`], with more Lua for its set-up.
    pub fn open_plugin_set_up(env: &TestEnv, workspace: &Workspace, file: &str, more: &str) -> Self {
        let set_up = format!("{INIT}{PERSON}{more}");
        let nvim = Self::start(env, workspace, file, &set_up, |nvim| headless(env, workspace, nvim));
        nvim.await_server();
        nvim.await_event("AcaAttached", wait::SHORT);
        nvim
    }

    /// Opens it as a person has it, started by the command that `wrap` makes of its own.
    pub fn open_plugin_with(
        env: &TestEnv,
        workspace: &Workspace,
        file: &str,
        more: &str,
        wrap: impl FnOnce(&Command) -> Command,
    ) -> Self {
        let nvim = Self::start(env, workspace, file, &format!("{INIT}{more}"), wrap);
        nvim.await_server();
        nvim
    }

    /// Types keys, in the notation of maps.
    pub fn press(&self, keys: &str) {
        self.lua(&format!("vim.api.nvim_input([==[{keys}]==])"));
    }

    /// Runs an Ex command.
    pub fn command(&self, command: &str) {
        self.lua(&format!("vim.cmd([==[{command}]==])"));
    }

    /// Gives answers to what will be asked, in this order.
    pub fn answer(&self, answers: &[&str]) {
        for answer in answers {
            self.lua(&format!("table.insert(_G.answers, [==[{answer}]==])"));
        }
    }

    /// Returns the screen as text.
    pub fn screen(&self) -> String {
        self.lua(SCREEN).as_str().expect("a screen is text").to_owned()
    }

    /// Waits until the screen shows all of these texts, and returns it.
    pub fn await_screen(&self, texts: &[&str], limit: Duration) -> String {
        let deadline = Instant::now() + limit;
        loop {
            let screen = self.screen();
            if texts.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            let waits = Instant::now() < deadline;
            assert!(
                waits,
                "{texts:?} did not come on the screen:\n{screen}\nTold: {:#?}",
                self.told()
            );
        }
    }

    /// Keeps the screen as `target/screens/nvim/NAME.txt`, for people to look at, and returns it.
    pub fn keep_screen(&self, name: &str) -> String {
        let screen = self.screen();
        let folder = parts::checkout().join("target/screens/nvim");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.txt")), &screen).unwrap();
        screen
    }

    /// Returns what the person was told so far, oldest first.
    pub fn told(&self) -> Vec<String> {
        strings(&self.lua("return _G.told"))
    }

    /// Waits until the person was told something that contains `text`.
    pub fn await_told(&self, text: &str, limit: Duration) {
        let deadline = Instant::now() + limit;
        while !self.told().iter().any(|told| told.contains(text)) {
            let waits = Instant::now() < deadline;
            assert!(waits, "nobody said {text:?}, but: {:#?}", self.told());
        }
    }

    /// Waits until an autocommand of the plugin has come at least once.
    pub fn await_event(&self, event: &str, limit: Duration) {
        let chunk = format!("return vim.list_contains(_G.events, '{event}')");
        self.look(&format!("the event {event}"), limit, &chunk);
    }

    /// Waits until a chunk of Lua returns true; what the person was told and sees is said if it does not.
    pub fn look(&self, what: &str, limit: Duration, chunk: &str) {
        let deadline = Instant::now() + limit;
        while self.lua(chunk) != Value::Bool(true) {
            let waits = Instant::now() < deadline;
            assert!(
                waits,
                "waited in vain for {what}. Told: {:#?}\n{}",
                self.told(),
                self.screen()
            );
        }
    }

    /// Waits until a server is attached to the buffer that is shown.
    pub fn await_attached(&self) {
        self.await_server();
    }

    /// Waits until the state of the newest task, as the plugin knows it, has this name.
    pub fn await_state(&self, name: &str, limit: Duration) {
        let chunk = format!("local all = require('aca').tasks(); return #all > 0 and all[#all].state.name == '{name}'");
        self.look(&format!("a task that is {name}"), limit, &chunk);
    }

    /// Opens the review of the only task that waits for one, and waits until it is on the screen.
    pub fn review(&self) -> String {
        self.await_state("ready", wait::LONG);
        self.lua("_G.events = {}");
        self.command("Aca review");
        self.await_event("AcaReviewOpened", wait::SHORT);
        self.await_screen(&["▴ aca "], wait::SHORT)
    }
}

fn strings(list: &Value) -> Vec<String> {
    // An empty table of Lua is an empty object.
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
