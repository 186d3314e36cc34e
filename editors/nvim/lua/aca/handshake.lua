--- What the plugin tells the server that it can do, and who answers the server.

local M = {}

--- The protocol's version that the plugin was written for.
M.VERSION = '0.1.0'

---@param module string
---@param name string
---@return fun(...): any
local function lazy(module, name)
  return function(...)
    return require(module)[name](...)
  end
end

--- Commands that the server may put into lenses and code actions. Each gets the command's one argument.
---@type table<string, fun(argument: table, context: table)>
local commands = {
  ['aca.review'] = function(argument)
    require('aca.review').open(argument.task, { hunk = argument.hunk })
  end,
  ['aca.tell'] = function(argument)
    require('aca.ask').tell(argument.task)
  end,
  ['aca.sendBack'] = function(argument)
    require('aca.ask').send_back(argument.task, argument.hunks)
  end,
  ['aca.runSelection'] = function(argument, context)
    require('aca.start').selection(argument, context.client_id)
  end,
  ['aca.showTranscript'] = function(argument)
    require('aca.transcript').open(argument.task)
  end,
}

--- Whether Neovim keeps the lenses of a buffer up to date by itself, as 0.12 does.
---@return boolean
function M.neovim_keeps_lenses()
  return vim.lsp.codelens.enable ~= nil
end

---Returns what `vim.lsp.config('aca', …)` is extended by.
---@return vim.lsp.Config
function M.config()
  local handlers = {
    ['aca/taskChanged'] = lazy('aca.tasks', 'on_changed'),
    ['aca/proposalChanged'] = lazy('aca.proposals', 'on_changed'),
    ['aca/transcriptChanged'] = lazy('aca.transcript', 'on_changed'),
    ['aca/conflict'] = lazy('aca.tasks', 'on_conflict'),
    ['aca/statusChanged'] = lazy('aca.tasks', 'on_status'),
    ['workspace/applyEdit'] = lazy('aca.apply', 'on_apply_edit'),
  }
  local capabilities = {
    workspace = { codeLens = { refreshSupport = true } },
    experimental = {
      aca = {
        version = M.VERSION,
        inlineReview = true,
        codicons = false,
        commands = vim.fn.sort(vim.tbl_keys(commands)),
      },
    },
  }
  if not M.neovim_keeps_lenses() then
    handlers['workspace/codeLens/refresh'] = lazy('aca.lenses', 'on_refresh')
  end
  local client_commands = {}
  for name, act in pairs(commands) do
    client_commands[name] = function(command, context)
      act((command.arguments or {})[1] or {}, context)
    end
  end
  return { capabilities = capabilities, handlers = handlers, commands = client_commands }
end

return M
