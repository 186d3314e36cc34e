--- Tasks, times and money in words.

local M = {}

--- States that a task leaves by itself.
local WORKING = { queued = true, preparing = true, running = true, verifying = true, stopping = true }

---@param task aca.Task
---@return boolean
function M.is_working(task)
  return WORKING[task.state.name] == true
end

---@param text string
---@param max integer
---@return string
function M.short(text, max)
  local line = vim.trim((vim.trim(text):gsub('\n.*', '')))
  if vim.fn.strchars(line) <= max then
    return line
  end
  return vim.fn.strcharpart(line, 0, max - 1) .. '…'
end

---@param count integer
---@param noun string
---@return string
function M.count(count, noun)
  return ('%d %s%s'):format(count, noun, count == 1 and '' or 's')
end

---@param ms integer
---@return string
function M.duration(ms)
  local seconds = math.max(0, math.floor(ms / 1000))
  if seconds < 60 then
    return ('%d s'):format(seconds)
  elseif seconds < 3600 then
    return ('%d min %02d s'):format(math.floor(seconds / 60), seconds % 60)
  end
  return ('%d h %02d min'):format(math.floor(seconds / 3600), math.floor(seconds / 60) % 60)
end

---@param micros integer
---@return string
function M.cost(micros)
  if micros == 0 then
    return ''
  elseif micros < 10000 then
    return '< $0.01'
  end
  return ('$%.2f'):format(math.floor(micros / 10000) / 100)
end

---@return integer
function M.now_ms()
  local seconds, micros = vim.uv.gettimeofday()
  return seconds * 1000 + math.floor(micros / 1000)
end

---Returns where a task stands: a sign, its highlight group, and a few words.
---@param task aca.Task
---@return string, string, string
function M.state(task)
  local state = task.state
  local name = state.name
  local clock = state.sinceMs and ' · ' .. M.duration(M.now_ms() - state.sinceMs) or ''
  if name == 'preparing' then
    return '⟳', 'AcaWorking', state.step ~= '' and 'preparing: ' .. state.step or 'preparing'
  elseif name == 'running' then
    return '⟳', 'AcaWorking', (state.activity ~= '' and state.activity or 'running') .. clock
  elseif name == 'verifying' then
    return '⟳', 'AcaWorking', 'verifying' .. clock
  elseif name == 'queued' or name == 'stopping' then
    return '⟳', 'AcaWorking', name
  elseif name == 'paused' then
    return '‖', 'AcaWorking', 'paused'
  elseif name == 'ready' then
    local conflicts = state.conflicts > 0 and (', %s'):format(M.count(state.conflicts, 'conflict')) or ''
    return '✓', 'AcaReady', ('review %s%s'):format(M.count(state.pending, 'hunk'), conflicts)
  elseif name == 'failed' or name == 'lost' then
    return '✗', 'AcaFailed', ('%s: %s'):format(name, M.short(state.reason, 80))
  elseif name == 'landed' then
    local rejected = state.rejected > 0 and (', %d rejected'):format(state.rejected) or ''
    return '·', 'AcaDone', ('landed %s%s'):format(M.count(state.accepted, 'hunk'), rejected)
  elseif name == 'nothingToDo' then
    return '·', 'AcaDone', 'finished without a change'
  end
  return '·', 'AcaDone', name
end

---Returns how tasks stand all in all, for a status line.
---@param tasks aca.Task[]
---@return string
function M.summary(tasks)
  local working, ready, failed, cost = 0, 0, 0, 0
  for _, task in ipairs(tasks) do
    local name = task.state.name
    working = working + ((M.is_working(task) or name == 'paused') and 1 or 0)
    ready = ready + (name == 'ready' and 1 or 0)
    failed = failed + ((name == 'failed' or name == 'lost') and 1 or 0)
    cost = cost + (M.is_working(task) and task.usage.costMicros or 0)
  end
  local parts = {}
  for _, part in ipairs({ { '⟳', working }, { '✓', ready }, { '✗', failed } }) do
    if part[2] > 0 then
      table.insert(parts, ('%s %d'):format(part[1], part[2]))
    end
  end
  if #parts == 0 then
    return ''
  end
  if cost > 0 then
    table.insert(parts, M.cost(cost))
  end
  return 'aca ' .. table.concat(parts, ' ')
end

return M
