--- The quickfix list of undecided hunks. It follows the proposals for as long as it is kept.

local client = require('aca.client')
local proposals = require('aca.proposals')
local tasks = require('aca.tasks')
local words = require('aca.words')

local M = {}

local TITLE = 'aca: undecided hunks'

---@type integer? the list's identifier
local list

---@param task aca.Task
---@param proposal aca.Proposal
---@return table[]
local function items_of(task, proposal)
  local server = tasks.client(task.id)
  if not server then
    return {}
  end
  return vim.tbl_map(function(entry)
    local hunk, change = entry.hunk, entry.file.change
    local text = hunk.new ~= '' and hunk.new or hunk.old
    local what = change.kind == 'modify' and '' or change.kind .. ': '
    return {
      filename = client.path(server, task.workspace, change.from or entry.file.path),
      lnum = hunk.line + 1,
      col = 1,
      type = proposals.is_conflict(hunk) and 'W' or 'I',
      text = what .. words.short(hunk.reason and hunk.reason.why or text, 80),
    }
  end, proposals.open_hunks(proposal))
end

---@param on_items fun(items: table[])
local function collect(on_items)
  local ready = vim.tbl_filter(function(task)
    return task.state.name == 'ready'
  end, tasks.all())
  local left, items = #ready, {}
  if left == 0 then
    on_items({})
  end
  for index, task in ipairs(ready) do
    proposals.ask(task.id, function(proposal)
      items[index] = items_of(task, proposal)
      left = left - 1
      if left == 0 then
        on_items(vim.iter(items):flatten():totable())
      end
    end)
  end
end

local function follow()
  vim.api.nvim_create_autocmd('User', {
    group = vim.api.nvim_create_augroup('aca.quickfix', {}),
    pattern = { 'AcaProposalChanged', 'AcaTaskChanged' },
    callback = function()
      -- Gone from the stack of lists, it is not followed any more.
      if vim.fn.getqflist({ id = list, id_ = 0 }).id ~= list then
        list = nil
        return true
      end
      collect(function(items)
        vim.fn.setqflist({}, 'r', { id = list, items = items, title = TITLE })
      end)
    end,
  })
end

---Fills the list with the undecided hunks of all tasks, and opens it.
function M.open()
  collect(function(items)
    if #items == 0 then
      client.say('there is no undecided hunk.')
      return
    end
    vim.fn.setqflist({}, ' ', { items = items, title = TITLE })
    list = vim.fn.getqflist({ id = 0 }).id
    follow()
    vim.cmd('botright copen')
  end)
end

return M
