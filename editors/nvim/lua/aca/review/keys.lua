--- The keys of a review: in its buffers, while it is open, and what was there before afterwards.

local M = {}

--- What a key can do, in the order of the help. Each is a function of `aca.review.act`.
M.names = {
  'accept',
  'reject',
  'revise',
  'amend',
  'restore',
  'next',
  'previous',
  'accept_file',
  'accept_all',
  'reject_file',
  'reject_all',
  'reopen',
  'mine',
  'agent',
  'both',
  'redo',
  'undo',
  'view',
  'close',
  'help',
}

M.labels = {
  accept = 'accept this hunk',
  reject = 'reject this hunk',
  revise = 'send it back with a remark',
  amend = 'edit its new text',
  restore = "bring the agent's own text back",
  next = 'go to the next hunk',
  previous = 'go to the previous hunk',
  accept_file = 'accept all in this file',
  accept_all = 'accept all of the task',
  reject_file = 'reject all in this file',
  reject_all = 'reject all of the task',
  reopen = 'bring back what was rejected',
  mine = 'conflict: keep mine',
  agent = "conflict: take the agent's",
  both = 'conflict: keep both to edit',
  redo = 'conflict: have it redone on mine',
  undo = 'undo the last landing',
  view = 'overlay or two windows side by side',
  close = 'close the review',
  help = 'show these keys',
}

--- What a buffer's own maps were.
---@type table<integer, { lhs: string, before: table? }[]>
local saved = {}

---@param bufnr integer
function M.set(bufnr)
  if saved[bufnr] then
    return
  end
  saved[bufnr] = {}
  local keys = require('aca.config').current.keys
  for _, name in ipairs(M.names) do
    local lhs = keys[name]
    if lhs then
      local before
      vim.api.nvim_buf_call(bufnr, function()
        local map = vim.fn.maparg(lhs, 'n', false, true)
        before = map.buffer == 1 and map or nil
      end)
      table.insert(saved[bufnr], { lhs = lhs, before = before })
      vim.keymap.set('n', lhs, function()
        require('aca.review.act')[name]()
      end, { buffer = bufnr, nowait = true, desc = 'aca: ' .. M.labels[name] })
    end
  end
end

---@param bufnr integer
function M.restore(bufnr)
  local maps = saved[bufnr]
  saved[bufnr] = nil
  if not maps or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  for _, map in ipairs(maps) do
    pcall(vim.keymap.del, 'n', map.lhs, { buffer = bufnr })
    if map.before then
      vim.api.nvim_buf_call(bufnr, function()
        vim.fn.mapset('n', false, map.before)
      end)
    end
  end
end

return M
