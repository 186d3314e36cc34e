--- The public functions; everything else is internal.

local M = {}

---Changes settings. Need not be called; see |aca.setup()|.
---@param options? table
function M.setup(options)
  require('aca.config').set(options)
end

---Returns how the workspaces' tasks stand, for a status line; empty while there is nothing to say.
---@return string
function M.statusline()
  return require('aca.words').summary(require('aca.tasks').all())
end

---Returns the tasks that are known, as `aca/tasks` describes them, oldest first.
---@return aca.Task[]
function M.tasks()
  return require('aca.tasks').all()
end

---Opens the review of a task.
---@param task string
---@param options? { hunk?: string, view?: 'overlay'|'diff' }
function M.review(task, options)
  require('aca.review').open(task, options)
end

return M
