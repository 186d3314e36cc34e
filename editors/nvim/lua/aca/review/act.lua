--- What the keys of a review do. Every decision is the server's; this asks for it and shows what came of it.

local client = require('aca.client')
local cursor = require('aca.review.cursor')
local proposals = require('aca.proposals')
local review = require('aca.review')
local tasks = require('aca.tasks')
local words = require('aca.words')

local M = {}

---Returns the review, or says that there is none.
---@return aca.Review?
local function opened()
  local state = review.state()
  if not state then
    client.say('no review is open. `:Aca review` opens one.')
  end
  return state
end

---Returns the hunk under the cursor, or says that there is none.
---@return aca.Entry?
local function wanted()
  local state = opened()
  local entry = state and cursor.current(state)
  if state and not entry then
    local next_key = require('aca.config').current.keys.next
    client.say('there is no hunk on this line.' .. (next_key and (' %s goes to the next one.'):format(next_key) or ''))
  end
  return entry
end

---@param result { refused: { hunk: string, reason: string }[], warnings?: string[] }
local function report(result)
  local said = {}
  for _, refused in ipairs(result.refused or {}) do
    said[refused.reason] = (said[refused.reason] or 0) + 1
  end
  for reason, times in pairs(said) do
    client.warn(times > 1 and ('%s: %s'):format(words.count(times, 'hunk'), reason) or reason)
  end
  for _, warning in ipairs(result.warnings or {}) do
    client.warn(warning)
  end
end

---@param decision 'accept'|'reject'
---@param selection table
---@param resolution? 'agent'|'both'
local function decide(decision, selection, resolution)
  local state = assert(review.state())
  local server = tasks.client(state.task)
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  review.change(server, 'aca/decide', {
    task = state.task,
    decision = decision,
    selection = selection,
    resolution = resolution,
    seen = state.proposal.revision,
  }, function(result)
    report(result)
    -- The sheet of a change goes with its decision.
    local is_here = vim.api.nvim_get_current_buf() == bufnr or not vim.api.nvim_buf_is_valid(bufnr)
    if review.state() and #result.decided > 0 and is_here then
      M.go_on()
    end
  end, function(error)
    client.warn(error.message)
    review.refresh()
    return true
  end)
end

---After a decision: goes to the next hunk of this file, and says so where the next one is elsewhere.
function M.go_on()
  local state = review.state()
  if not state or cursor.current(state) then
    return
  end
  local entry = cursor.beside(state, 1, true) or cursor.beside(state, -1, true)
  if entry then
    cursor.go_to(state, entry)
  else
    local next_key = require('aca.config').current.keys.next or ':Aca review'
    client.say(('%s left in other files; %s goes there.'):format(words.count(#state.entries, 'hunk'), next_key))
  end
end

---@param entry aca.Entry
---@return table
local function only(entry)
  return { kind = 'hunks', ids = { entry.hunk.id } }
end

function M.accept()
  local entry = wanted()
  if not entry then
    return
  end
  if proposals.is_conflict(entry.hunk) then
    local keys = require('aca.config').current.keys
    client.say(('this hunk is a conflict: %s, %s, %s or %s.'):format(keys.mine, keys.agent, keys.both, keys.redo))
    return
  end
  decide('accept', only(entry))
end

function M.reject()
  local entry = wanted()
  if entry then
    decide('reject', only(entry))
  end
end

---Returns the conflict under the cursor, or says that there is none.
---@return aca.Entry?
local function conflict()
  local entry = wanted()
  if entry and not proposals.is_conflict(entry.hunk) then
    client.say('this hunk is no conflict.')
    return
  end
  return entry
end

function M.mine()
  local entry = conflict()
  if entry then
    decide('reject', only(entry))
  end
end

function M.agent()
  local entry = conflict()
  if entry then
    decide('accept', only(entry), 'agent')
  end
end

function M.both()
  local entry = conflict()
  if entry then
    decide('accept', only(entry), 'both')
  end
end

function M.redo()
  local entry = conflict()
  if entry then
    require('aca.ask').redo(review.state().task, { entry.hunk.id })
  end
end

function M.revise()
  local entry = wanted()
  if entry then
    require('aca.ask').send_back(review.state().task, { entry.hunk.id })
  end
end

function M.amend()
  local entry = wanted()
  if not entry then
    return
  end
  if not proposals.has_lines(entry.file) then
    client.say('this change has no lines that could be edited.')
    return
  end
  require('aca.review.amend').open(review.state().task, entry)
end

function M.restore()
  local entry = wanted()
  if entry and not entry.hunk.amended then
    client.say("this hunk has the agent's own text.")
  elseif entry then
    require('aca.review.amend').restore(review.state().task, entry)
  end
end

---@param decision 'accept'|'reject'
local function decide_file(decision)
  local state = opened()
  if not state then
    return
  end
  local entry = cursor.current(state) or cursor.beside(state, 1, true) or cursor.beside(state, -1, true)
  if entry then
    decide(decision, { kind = 'file', path = entry.file.path })
  else
    client.say('there is no undecided hunk in this file.')
  end
end

function M.accept_file()
  decide_file('accept')
end

function M.reject_file()
  decide_file('reject')
end

function M.accept_all()
  if opened() then
    decide('accept', { kind = 'all' })
  end
end

function M.reject_all()
  if opened() then
    decide('reject', { kind = 'all' })
  end
end

function M.reopen()
  local state = opened()
  if state then
    require('aca.ask').reopen(state.task)
  end
end

---@param direction 1|-1
local function step(direction)
  local state = opened()
  local entry = state and cursor.beside(state, direction)
  if state and entry then
    cursor.go_to(state, entry)
  end
end

function M.next()
  step(1)
end

function M.previous()
  step(-1)
end

function M.undo()
  local state = review.state()
  local server = state and tasks.client(state.task) or client.pick()
  local workspace = state and state.workspace or (server and client.workspace(server))
  if not server or not workspace then
    return
  end
  review.change(server, 'aca/undo', { workspace = workspace }, function(result)
    report(result)
    client.say(('%s taken back.'):format(words.count(#result.hunks, 'hunk')))
  end)
end

function M.view()
  local state = opened()
  if not state then
    return
  end
  if state.view == 'diff' then
    require('aca.review.diff').close()
    review.refresh()
  else
    require('aca.review.diff').open()
  end
end

function M.close()
  if opened() then
    review.close()
  end
end

function M.help()
  local lines = {}
  local keys = require('aca.config').current.keys
  local names = require('aca.review.keys')
  for _, name in ipairs(names.names) do
    if keys[name] then
      table.insert(lines, { ('%6s  %s\n'):format(keys[name], names.labels[name]) })
    end
  end
  vim.api.nvim_echo(lines, false, {})
end

return M
