--- The tasks of all attached servers, as they were last told.

local client = require('aca.client')

local M = {}

---@class aca.Usage
---@field requests integer
---@field costMicros integer

---@class aca.Task
---@field id string
---@field session string
---@field workspace string
---@field title string
---@field origin table
---@field state { name: string, [string]: any }
---@field attempt? string
---@field usage aca.Usage
---@field recovery? string[]
---@field createdMs integer
---@field changedMs integer
---@field revision integer

---@type table<string, aca.Task>
local known = {}
---@type table<string, integer> the server that told of a task
local told_by = {}

---@param pattern string
---@param data table
function M.emit(pattern, data)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, modeline = false, data = data })
end

---@param id string
---@return aca.Task?
function M.get(id)
  return known[id]
end

---Returns all tasks, oldest first.
---@return aca.Task[]
function M.all()
  local all = vim.tbl_values(known)
  table.sort(all, function(a, b)
    if a.createdMs ~= b.createdMs then
      return a.createdMs < b.createdMs
    end
    return a.id < b.id
  end)
  return all
end

---Returns the server that a task is asked of.
---@param id string
---@return vim.lsp.Client?
function M.client(id)
  local found = told_by[id] and vim.lsp.get_client_by_id(told_by[id])
  if found and not found:is_stopped() then
    return found
  end
  client.warn('the server of this task has ended. `:Aca restart` starts it again.')
end

--- A workspace has one open session; the tasks of the one before it are not shown any more.
---@param task aca.Task
local function forget_other_sessions(task)
  for id, other in pairs(known) do
    if other.workspace == task.workspace and other.session ~= task.session then
      known[id] = nil
    end
  end
end

---Takes in a task.
---@param task aca.Task
---@param client_id integer
---@param quietly? boolean it is no news
function M.take(task, client_id, quietly)
  local before = known[task.id]
  if before and before.session == task.session and before.revision > task.revision then
    return
  end
  forget_other_sessions(task)
  known[task.id] = task
  told_by[task.id] = client_id
  M.emit('AcaTaskChanged', { task = task })
  local is_news = not before or before.state.name ~= task.state.name
  if quietly or not is_news then
    return
  end
  if task.state.name == 'ready' and before and before.state.name ~= 'landed' then
    M.emit('AcaReady', { task = task })
  end
  require('aca.news').of_task(task, before)
end

---Asks a server for all its tasks.
---@param server vim.lsp.Client
---@param done? fun()
function M.load(server, done)
  local folders = client.folders(server)
  local left = #folders
  for _, folder in ipairs(folders) do
    client.request(server, 'aca/tasks', { workspace = folder.canonical }, function(result)
      for _, task in ipairs(result.tasks) do
        M.take(task, server.id, true)
      end
      left = left - 1
      if left == 0 and done then
        done()
      end
    end)
  end
end

---Forgets what a server told that has ended.
---@param client_id integer
function M.forget(client_id)
  for id, teller in pairs(told_by) do
    if teller == client_id then
      told_by[id] = nil
      known[id] = nil
    end
  end
  M.emit('AcaTaskChanged', {})
end

---@type lsp.Handler
function M.on_changed(_, task, context)
  M.take(task, context.client_id)
end

---@type lsp.Handler
function M.on_conflict(_, conflict)
  M.emit('AcaConflict', conflict)
  require('aca.news').of_conflict(conflict)
end

---@type lsp.Handler
function M.on_status(_, status)
  M.emit('AcaStatusChanged', status)
end

return M
