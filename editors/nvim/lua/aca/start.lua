--- Starting tasks.

local client = require('aca.client')
local tasks = require('aca.tasks')

local M = {}

---@return vim.lsp.Client?
local function attached()
  local server = client.of_buffer()
  if not server then
    client.warn('no server is attached to this buffer. :checkhealth aca says why.')
  end
  return server
end

--- What the server offers on a TODO, where it does not offer to do it, and what that means.
local INSTEAD = {
  { command = 'aca.review', says = 'this TODO is done: `:Aca review` shows its hunks.' },
  { command = 'aca.server.acceptAll', says = 'this TODO is done: `:Aca review` shows its hunks.' },
  { command = 'aca.server.stop', says = 'an agent is at work on this TODO.' },
  { command = 'aca.server.recover', says = '`:Aca continue` has this task go on.' },
}

---Does the TODO under the cursor.
function M.todo()
  local server = attached()
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local params = vim.lsp.util.make_range_params(0, server.offset_encoding)
  params.context = { diagnostics = {} }
  client.request(server, 'textDocument/codeAction', params, function(actions)
    local by_name = {}
    for _, action in ipairs(actions or {}) do
      local command = type(action.command) == 'table' and action.command or action
      if command.command and vim.tbl_get(command, 'arguments', 1, 'range') == nil then
        by_name[command.command] = by_name[command.command] or command
      end
    end
    local run = by_name['aca.server.run']
    if run then
      server:exec_cmd(run, { bufnr = bufnr }, function(error)
        if error then
          client.warn(error.message)
        end
      end)
      return
    end
    for _, instead in ipairs(INSTEAD) do
      if by_name[instead.command] then
        client.say(instead.says)
        return
      end
    end
    client.say('there is no TODO at the cursor. `:Aca run {text}` takes any text.')
  end, nil, bufnr)
end

---Has selected code changed, as a person says.
---@param argument { uri: string, range: lsp.Range, version?: integer }
---@param server_id integer
---@param instruction? string
function M.selection(argument, server_id, instruction)
  local server = vim.lsp.get_client_by_id(server_id)
  if not server then
    return
  end
  local function run(text)
    local command = {
      title = 'Do this',
      command = 'aca.server.run',
      arguments = { vim.tbl_extend('force', argument, { instruction = text }) },
    }
    server:exec_cmd(command, { bufnr = vim.uri_to_bufnr(argument.uri) }, function(error)
      if error then
        client.warn(error.message)
      end
    end)
  end
  if instruction then
    run(instruction)
  else
    require('aca.ask').input('Do with the selection: ', run)
  end
end

---Has lines changed, as a person says.
---@param first integer from one
---@param last integer
---@param instruction? string
function M.lines(first, last, instruction)
  local server = attached()
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local text = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, true)[1]
  M.selection({
    uri = vim.uri_from_bufnr(bufnr),
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last - 1, character = vim.str_utfindex(text, server.offset_encoding) },
    },
    version = vim.lsp.util.buf_versions[bufnr],
  }, server.id, instruction)
end

---Starts a task from any text, in the workspace at hand.
---@param text? string
function M.text(text)
  local server = client.pick()
  local workspace = server and client.workspace(server)
  if not server or not workspace then
    return
  end
  local function run(wanted)
    local params = { workspace = workspace, origin = { kind = 'text', text = wanted } }
    client.request(server, 'aca/run', params, function(task)
      tasks.take(task, server.id)
    end)
  end
  if text then
    run(text)
  else
    require('aca.ask').input('What is to be done: ', run)
  end
end

return M
