//! A real Neovim, without any plugin or with aca's own, driven from outside.

mod plugin;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{Running, TestEnv, Workspace, parts, wait};

/// The whole set-up of a user without plugins: what the documentation tells them to write.
const INIT: &str = r#"
vim.o.swapfile = false
vim.lsp.config('aca', { cmd = { vim.env.ACA_TEST_ACA, 'lsp' }, root_markers = { '.git' } })
vim.lsp.enable('aca')
"#;

/// Keeps every edit that the server asks for. `before_edit`, where a test sets it, runs between the arrival of an edit and
/// its application: the moment at which a user's keystroke makes it stale.
const RECORD: &str = r"
_G.edits = {}
local apply = vim.lsp.handlers['workspace/applyEdit']
vim.lsp.handlers['workspace/applyEdit'] = function(err, params, context)
  table.insert(_G.edits, params.edit)
  if _G.before_edit then _G.before_edit(params.edit) end
  return apply(err, params, context)
end
";

/// Lua that counts aca's diagnostics in the buffer that is shown.
const HUNKS: &str = "#vim.tbl_filter(function(d) return d.source == 'aca' end, vim.diagnostic.get(0))";

/// A running Neovim.
#[derive(Debug)]
pub struct Nvim {
    process: Running,
    socket: PathBuf,
    folder: PathBuf,
}

impl Nvim {
    /// Opens a file of a workspace and waits until the server is attached to it.
    pub fn open(env: &TestEnv, workspace: &Workspace, file: &str) -> Self {
        Self::open_set_up(env, workspace, file, "")
    }

    /// Like [`Nvim::open`], with more Lua for its set-up.
    pub fn open_set_up(env: &TestEnv, workspace: &Workspace, file: &str, more: &str) -> Self {
        Self::open_with(env, workspace, file, more, |nvim| headless(env, workspace, nvim))
    }

    /// Like [`Nvim::open_set_up`], started by the command that `wrap` makes of its own.
    pub fn open_with(
        env: &TestEnv,
        workspace: &Workspace,
        file: &str,
        more: &str,
        wrap: impl FnOnce(&Command) -> Command,
    ) -> Self {
        let nvim = Self::start(env, workspace, file, &format!("{INIT}{RECORD}{more}"), wrap);
        nvim.await_server();
        nvim
    }

    /// Starts one with the given set-up and waits until it answers.
    fn start(
        env: &TestEnv,
        workspace: &Workspace,
        file: &str,
        set_up: &str,
        wrap: impl FnOnce(&Command) -> Command,
    ) -> Self {
        let folder = (1..).map(|number| env.folder().join(format!("nvim-{number}")));
        let folder = folder
            .into_iter()
            .find(|folder| !folder.exists())
            .expect("numbers do not end");
        std::fs::create_dir_all(&folder).unwrap();
        let init = folder.join("init.lua");
        std::fs::write(&init, set_up).unwrap();
        let socket = folder.join("socket");
        let mut command = env.command(parts::nvim());
        command
            .current_dir(workspace.root())
            .env("ACA_TEST_ACA", parts::aca())
            .env("ACA_TEST_PLUGIN", parts::checkout().join("editors/nvim"))
            .env("NVIM_LOG_FILE", folder.join("log"));
        command
            .arg("--listen")
            .arg(&socket)
            .args(["-i", "NONE", "-u"])
            .arg(&init)
            .arg(file);
        let mut wrapped = wrap(&command);
        wrapped.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = wrapped.spawn().expect("Neovim can be started");
        let nvim = Self {
            process: Running::new(child),
            socket,
            folder,
        };
        wait::until_true("Neovim's socket", wait::SHORT, || nvim.try_lua("return true").is_ok());
        nvim
    }

    fn await_server(&self) {
        self.wait(
            "the server to attach",
            wait::SHORT,
            "local client = vim.lsp.get_clients({ bufnr = 0, name = 'aca' })[1]; return client ~= nil and client.initialized",
        );
    }

    /// Shows another file of the workspace, as `:edit` does, and waits until the server is attached to it.
    pub fn edit(&self, file: &str) {
        self.lua(&format!("vim.cmd.edit([[{file}]])"));
        self.await_server();
    }

    /// Runs a chunk of Lua in it and returns what the chunk returns.
    ///
    /// # Panics
    ///
    /// When the chunk fails or Neovim has ended.
    pub fn lua(&self, chunk: &str) -> Value {
        self.try_lua(chunk)
            .unwrap_or_else(|error| panic!("Lua failed: {error}\n{chunk}"))
    }

    /// Waits until a chunk of Lua returns true.
    pub fn wait(&self, what: &str, limit: Duration, chunk: &str) {
        wait::until_true(what, limit, || self.lua(chunk) == Value::Bool(true));
    }

    /// Returns the text of the current buffer.
    pub fn text(&self) -> String {
        let joined = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n'";
        self.lua(joined)
            .as_str()
            .expect("a buffer's text is a string")
            .to_owned()
    }

    /// Types a line of its own above the first one that contains `text`, in the buffer that is shown.
    pub fn type_above(&self, text: &str, line: &str) {
        self.go_to(text);
        // As pasted: the file type's ideas of indents and comments are not the subject.
        self.lua(&format!(
            "vim.o.paste = true; vim.cmd.normal({{ 'O' .. [[{line}]], bang = true }}); vim.o.paste = false"
        ));
    }

    /// Waits until the server has what was typed so far: Neovim sends it late, but before any request.
    pub fn flush(&self) {
        let ask = "local params = { textDocument = vim.lsp.util.make_text_document_params() }
            return vim.lsp.buf_request_sync(0, 'textDocument/codeLens', params, 10000) ~= nil";
        assert_eq!(self.lua(ask), true, "the server does not answer");
    }

    /// Waits until so many of the buffer's hunks are undecided, as its diagnostics say.
    pub fn await_hunks(&self, count: usize, limit: Duration) {
        self.wait(
            &format!("{count} undecided hunks"),
            limit,
            &format!("return {HUNKS} == {count}"),
        );
    }

    /// Saves the buffer that is shown.
    pub fn save(&self) {
        self.lua("vim.cmd('silent write')");
    }

    /// Returns the edits that the server asked for so far, oldest first, after a look at each: one document of a known
    /// version, no file operation, nothing that the user would have to confirm. Neovim protects no more than that.
    pub fn careful_edits(&self) -> Vec<Value> {
        let edits = self.lua("return _G.edits");
        // An empty table of Lua is an empty object.
        let edits = edits.as_array().cloned().unwrap_or_default();
        for edit in &edits {
            let changes = edit["documentChanges"].as_array().map(Vec::as_slice);
            let Some([change]) = changes else {
                panic!("not exactly one document: {edit:#}");
            };
            assert!(
                change["textDocument"]["version"].as_i64() > Some(0),
                "no version: {edit:#}"
            );
            assert!(change.get("kind").is_none(), "a file operation: {edit:#}");
            assert!(
                edit.get("changeAnnotations").is_none(),
                "a question to the user: {edit:#}"
            );
        }
        edits
    }

    /// Puts the cursor on the first line that contains `text`.
    pub fn go_to(&self, text: &str) {
        let found = self.lua(&format!("return vim.fn.search([[\\V{text}]], 'cw')"));
        assert_ne!(found, 0, "the buffer does not contain {text:?}");
    }

    /// Chooses the code action under the cursor whose title begins with `title`, as soon as the server offers it: a
    /// person looks before they choose, and Neovim says no more than that there is none.
    pub fn choose(&self, title: &str) {
        let offered = format!(
            "local params = vim.lsp.util.make_range_params(0, 'utf-8')
             params.context = {{ diagnostics = {{}} }}
             for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 10000) or {{}}) do
               for _, action in ipairs(answer.result or {{}}) do
                 if vim.startswith(action.title, [[{title}]]) then return true end
               end
             end"
        );
        self.wait(&format!("the action {title:?}"), wait::SHORT, &offered);
        self.lua(&format!(
            "vim.lsp.buf.code_action({{ apply = true, filter = function(a) return vim.startswith(a.title, [[{title}]]) end }})"
        ));
    }

    /// Returns its process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.process
    }

    fn try_lua(&self, chunk: &str) -> Result<Value, String> {
        let file = self.folder.join("chunk.lua");
        let wrapped = format!("return vim.json.encode({{ (function()\n{chunk}\nend)() }})");
        std::fs::write(&file, wrapped).map_err(|error| error.to_string())?;
        let answer = self.remote(&file)?;
        let list: Value = serde_json::from_str(&answer).map_err(|error| format!("{error}: {answer}"))?;
        Ok(list.get(0).cloned().unwrap_or_default())
    }

    fn remote(&self, file: &Path) -> Result<String, String> {
        let expression = format!("luaeval('dofile(_A)', '{}')", file.display());
        let output = Command::new(parts::nvim())
            .env_clear()
            .env("HOME", &self.folder)
            .env("NVIM_LOG_FILE", self.folder.join("remote.log"))
            .args(["--headless", "--server"])
            .arg(&self.socket)
            .args(["--remote-expr", &expression])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && out.starts_with(['[', '{']) {
            Ok(out)
        } else {
            Err(format!("{out}{}", String::from_utf8_lossy(&output.stderr)))
        }
    }
}

/// Returns a command that runs Neovim without a terminal.
fn headless(env: &TestEnv, workspace: &Workspace, nvim: &Command) -> Command {
    let mut headless = env.command(nvim.get_program());
    headless.envs(nvim.get_envs().filter_map(|(name, value)| Some((name, value?))));
    headless
        .current_dir(workspace.root())
        .arg("--headless")
        .args(nvim.get_args());
    headless
}
