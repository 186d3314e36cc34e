--- `:checkhealth aca`.

local M = {}

local health = vim.health

---@return string
local function binary()
  local config = vim.lsp.config['aca']
  local command = config and config.cmd
  return type(command) == 'table' and command[1] or 'aca'
end

local function check_neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.11 or later is needed.')
  end
end

---@return boolean
local function check_binary()
  local name = binary()
  if vim.fn.executable(name) == 0 then
    health.error(('`%s` is not on your PATH.'):format(name), {
      'Install it: `cargo install --path server/aca` in a checkout of aca.',
      "Or name it: `vim.lsp.config('aca', { cmd = { '/path/to/aca', 'lsp' } })`.",
    })
    return false
  end
  local done = vim.system({ name, '--version' }, { text = true }):wait(10000)
  if done.code ~= 0 then
    health.error(('`%s --version` fails: %s'):format(name, vim.trim(done.stderr or '')))
    return false
  end
  health.ok(('%s at %s'):format(vim.trim(done.stdout), vim.fn.exepath(name)))
  return true
end

local function check_server()
  if not vim.lsp.is_enabled('aca') then
    health.warn('The server is not enabled.', { "Write `vim.lsp.enable('aca')` into your configuration." })
  end
  local clients = require('aca.client').all()
  if #clients == 0 then
    health.info('No server is attached. It starts with the first file of a project.')
  end
  for _, client in ipairs(clients) do
    local folders = vim.tbl_map(function(folder)
      return folder.given
    end, require('aca.client').folders(client))
    local where = #folders > 0 and table.concat(folders, ', ') or 'no project'
    health.ok(('A server is attached to %s (client %d).'):format(where, client.id))
    local offered = vim.tbl_get(client, 'server_capabilities', 'experimental', 'aca', 'version')
    if offered ~= require('aca.handshake').VERSION then
      health.warn(('It is version %s; this plugin is of %s.'):format(offered, require('aca.handshake').VERSION))
    end
  end
end

--- The rows of `aca doctor`. It says whether there is a credential, and never what it is.
local function check_doctor()
  local done = vim.system({ binary(), 'doctor', '--json' }, { text = true }):wait(60000)
  local ok, report = pcall(vim.json.decode, done.stdout or '', { luanil = { object = true } })
  if not ok or not report.checks then
    health.error('`aca doctor` says nothing that can be read.', { 'Run it in a terminal.' })
    return
  end
  for _, row in ipairs(report.checks) do
    local text = ('%s: %s'):format(row.name, row.found)
    if row.state == 'good' then
      health.ok(text)
    elseif row.state == 'warning' then
      health.warn(text, row.mend and { row.mend } or nil)
    else
      health.error(text, row.mend and { row.mend } or nil)
    end
  end
end

function M.check()
  health.start('aca: Neovim')
  check_neovim()
  check_server()
  health.start('aca: program')
  if check_binary() then
    health.start('aca: doctor')
    check_doctor()
  end
end

return M
