--- Requests that need a line of text from the person, and the simple ones about a task.

local client = require('aca.client')
local tasks = require('aca.tasks')
local words = require('aca.words')

local M = {}

---@param prompt string
---@param on_text fun(text: string)
function M.input(prompt, on_text)
  vim.ui.input({ prompt = prompt }, function(text)
    if text and vim.trim(text) ~= '' then
      on_text(vim.trim(text))
    end
  end)
end

---@param id string
---@param method string
---@param params table
---@param done? string what is said afterwards
local function about(id, method, params, done)
  local server = tasks.client(id)
  if not server then
    return
  end
  params.task = id
  client.request(server, method, params, function(task)
    if task and task.state then
      tasks.take(task, server.id, true)
    end
    if done then
      client.say(done)
    end
  end, nil, vim.api.nvim_get_current_buf())
end

---@param id string
---@param text? string
function M.tell(id, text)
  local function tell(words_of_person)
    about(id, 'aca/tell', { text = words_of_person }, 'the agent reads it as its next message.')
  end
  if text then
    tell(text)
  else
    M.input('Tell the agent: ', tell)
  end
end

---@param id string
---@param hunks? string[] to be made again
---@param remark? string
function M.send_back(id, hunks, remark)
  local function send(text)
    about(
      id,
      'aca/sendBack',
      { remark = text, redo = hunks },
      'sent back; the next round is reviewed when it is ready.'
    )
  end
  if remark then
    send(remark)
  else
    M.input('Remark to the agent: ', send)
  end
end

---Has conflicting hunks made again on what the files say.
---@param id string
---@param hunks string[]
function M.redo(id, hunks)
  about(id, 'aca/sendBack', { remark = '', redo = hunks }, 'the agent makes it again on your version.')
end

---Brings back what was rejected of a task, to be decided again.
---@param id string
function M.reopen(id)
  local server = tasks.client(id)
  if not server then
    return
  end
  local params = { task = id, decision = 'reopen', selection = { kind = 'all' } }
  require('aca.review').change(server, 'aca/decide', params, function(result)
    if #result.decided == 0 then
      client.say('nothing of this task was rejected.')
      return
    end
    client.say(('%s can be decided again. :Aca review'):format(words.count(#result.decided, 'hunk')))
  end)
end

---@param id string
function M.stop(id)
  about(id, 'aca/stop', {})
end

---@param id string
function M.pause(id)
  about(id, 'aca/pause', {})
end

---@param id string
function M.resume(id)
  about(id, 'aca/resume', {})
end

local WAYS = {
  { how = 'continue', label = 'Continue where it was' },
  { how = 'again', label = 'Start again' },
  { how = 'take', label = 'Review what was found' },
}

---Has a task go on that has ended without a result; a person chooses where there are several ways.
---@param id string
function M.recover(id)
  local task = tasks.get(id)
  local can = vim.tbl_filter(function(way)
    return task ~= nil and vim.list_contains(task.recovery or {}, way.how)
  end, WAYS)
  if #can == 1 then
    about(id, 'aca/recover', { how = can[1].how })
    return
  end
  vim.ui.select(can, {
    prompt = 'How it goes on:',
    format_item = function(way)
      return way.label
    end,
  }, function(way)
    if way then
      about(id, 'aca/recover', { how = way.how })
    end
  end)
end

---@param server vim.lsp.Client
---@param id string
local function start_check(server, id)
  client.request(server, 'aca/check', { task = id, selection = { kind = 'all' } }, function()
    client.say('the check runs in a sandbox.')
  end)
end

---Runs the project's check with a task's hunks in the files, in a sandbox. A command that nobody has confirmed is shown
---and asked about first: a repository can say anything.
---@param id string
function M.check(id)
  local server, task = tasks.client(id), tasks.get(id)
  if not server or not task then
    return
  end
  client.request(server, 'aca/checkCommand', { workspace = task.workspace }, function(known)
    if not known.command then
      client.say('this project has no check: set `command` under `[checks]` in aca.toml.')
    elseif known.confirmed then
      start_check(server, id)
    else
      vim.ui.select({ 'Run it', 'Leave it' }, {
        prompt = ('Run `%s` (from %s) in a sandbox?'):format(known.command, known.from or 'the settings'),
      }, function(choice)
        if choice ~= 'Run it' then
          return
        end
        local params = { workspace = task.workspace, command = known.command }
        client.request(server, 'aca/confirmCheck', params, function(now)
          if now.confirmed then
            start_check(server, id)
          else
            client.warn('the check command has changed meanwhile. Try again.')
          end
        end)
      end)
    end
  end)
end

---Takes back the newest landing of the workspace at hand.
function M.undo()
  require('aca.review.act').undo()
end

---Shows what was used of the models, by day and model.
function M.usage()
  local server = client.pick()
  if not server then
    return
  end
  client.request(server, 'aca/usage', vim.empty_dict(), function(result)
    local lines = { 'day         model                          requests       cost  task' }
    for _, row in ipairs(result.rows) do
      table.insert(
        lines,
        ('%-10s  %-28s  %9d  %9s  %s'):format(
          row.day,
          row.model,
          row.usage.requests,
          words.cost(row.usage.costMicros),
          words.short(row.title, 40)
        )
      )
    end
    local total = result.total
    table.insert(lines, ('%-10s  %-28s  %9d  %9s'):format('all', '', total.requests, words.cost(total.costMicros)))
    require('aca.window').text('aca://usage', lines)
  end)
end

return M
