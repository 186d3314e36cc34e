--- What a person is told unasked: that something waits for them, in one line that asks for nothing.

local client = require('aca.client')
local words = require('aca.words')

local M = {}

---@param text string
---@param level? integer
local function tell(text, level)
  if require('aca.config').current.notify then
    client.say(text, level)
  end
end

---@param task aca.Task
---@param before? aca.Task
function M.of_task(task, before)
  local title = words.short(task.title, 30)
  if task.state.name == 'ready' and not (before and before.state.name == 'landed') then
    tell(('“%s”: %s. :Aca review'):format(title, words.count(task.state.pending, 'hunk')))
  elseif task.state.name == 'failed' or task.state.name == 'lost' then
    tell(('“%s” %s: %s'):format(title, task.state.name, words.short(task.state.reason, 60)), vim.log.levels.WARN)
  elseif task.state.name == 'nothingToDo' then
    tell(('“%s” finished without a change.'):format(title))
  end
end

---@param conflict { title: string, path: string, changed: boolean }
function M.of_conflict(conflict)
  local has = conflict.changed and 'has changed' or 'has read'
  tell(('“%s” %s %s, which you edit. :Aca tell'):format(words.short(conflict.title, 30), has, conflict.path))
end

return M
