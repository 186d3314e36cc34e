--- Settings, with their defaults.

local M = {}

---@class aca.Config
---@field lenses boolean keep the code lenses of attached buffers up to date
---@field notify boolean say when a task is ready for review or has failed
---@field keys table<string, string|false> keys while a review is open, by action

---@type aca.Config
local defaults = {
  lenses = true,
  notify = true,
  keys = {
    accept = 'a',
    reject = 'x',
    revise = 'r',
    amend = 'e',
    restore = 'E',
    next = ']h',
    previous = '[h',
    accept_file = 'F',
    accept_all = 'A',
    reject_file = 'X',
    reject_all = 'gX',
    reopen = 'R',
    mine = 'co',
    agent = 'ct',
    both = 'cb',
    redo = 'cr',
    undo = 'U',
    view = 'gv',
    close = 'q',
    help = 'g?',
  },
}

---@type aca.Config
M.current = vim.deepcopy(defaults)

---@param options? table
function M.set(options)
  options = options or {}
  vim.validate('lenses', options.lenses, 'boolean', true)
  vim.validate('notify', options.notify, 'boolean', true)
  vim.validate('keys', options.keys, 'table', true)
  for name in pairs(options.keys or {}) do
    if defaults.keys[name] == nil then
      error(
        ('aca has no key for "%s"; it has: %s.'):format(
          name,
          table.concat(vim.fn.sort(vim.tbl_keys(defaults.keys)), ', ')
        )
      )
    end
  end
  M.current = vim.tbl_deep_extend('force', defaults, options)
end

return M
