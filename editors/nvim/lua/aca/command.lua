--- `:Aca` and its words.

local ask = require('aca.ask')
local client = require('aca.client')
local tasks = require('aca.tasks')
local words = require('aca.words')

local M = {}

---@class aca.Subcommand
---@field run fun(text: string?, opts: table)
---@field complete? fun(): string[]

---@type table<string, fun(task: aca.Task): boolean>
local fits = {
  any = function()
    return true
  end,
  reviewable = function(task)
    return task.state.name == 'ready' or task.state.name == 'verifying'
  end,
  sendable = function(task)
    return vim.list_contains({ 'ready', 'landed', 'rejected', 'nothingToDo' }, task.state.name)
  end,
  reopenable = function(task)
    return vim.list_contains({ 'ready', 'landed', 'rejected' }, task.state.name)
  end,
  running = function(task)
    return task.state.name == 'running'
  end,
  tellable = function(task)
    return task.state.name == 'running' or task.state.name == 'paused'
  end,
  paused = function(task)
    return task.state.name == 'paused'
  end,
  stoppable = function(task)
    return (words.is_working(task) and task.state.name ~= 'stopping') or task.state.name == 'paused'
  end,
  recoverable = function(task)
    return #(task.recovery or {}) > 0
  end,
}

---Returns the tasks that a command can be about: those that fit, the one at hand alone if it is one of them.
---@param fit fun(task: aca.Task): boolean
---@return aca.Task[]
local function candidates(fit)
  local review = require('aca.review').state()
  local at_hand = require('aca.tree').current()
    or require('aca.transcript').current()
    or (review and review.buffers[vim.api.nvim_get_current_buf()] and tasks.get(review.task))
  if at_hand and fit(at_hand) then
    return { at_hand }
  end
  local fitting = vim.tbl_filter(fit, tasks.all())
  local server = client.of_buffer()
  local here = server and vim.tbl_map(function(folder)
    return folder.canonical
  end, client.folders(server))
  local nearer = vim.tbl_filter(function(task)
    return here ~= nil and vim.list_contains(here, task.workspace)
  end, fitting)
  return #nearer > 0 and nearer or fitting
end

---Calls `act` with the task that a command is about; asks the person where there are several.
---@param fit fun(task: aca.Task): boolean
---@param none string what is said where no task fits
---@param act fun(task: aca.Task)
local function with_task(fit, none, act)
  local found = candidates(fit)
  if #found == 0 then
    client.say(none)
  elseif #found == 1 then
    act(found[1])
  else
    vim.ui.select(found, {
      prompt = 'Which task?',
      format_item = function(task)
        local sign, _, state = words.state(task)
        return ('%s %s  %s'):format(sign, words.short(task.title, 50), state)
      end,
    }, function(task)
      if task then
        act(task)
      end
    end)
  end
end

---@param arguments string[]
---@param name string
local function program(arguments, name)
  local config = vim.lsp.config['aca']
  local binary = config and type(config.cmd) == 'table' and config.cmd[1] or 'aca'
  local server = client.of_buffer()
  local options = { text = true, cwd = server and server.root_dir or nil, env = { NO_COLOR = '1' } }
  local ok, problem = pcall(vim.system, vim.list_extend({ binary }, arguments), options, function(done)
    vim.schedule(function()
      local lines = vim.split(vim.trim(done.stdout .. done.stderr), '\n', { plain = true })
      require('aca.window').text('aca://' .. name, lines)
    end)
  end)
  if not ok then
    client.warn(('`%s` cannot be started: %s'):format(binary, problem))
  end
end

---@type table<string, aca.Subcommand>
M.subcommands = {
  ['do'] = {
    run = function(text, opts)
      if (opts.range or 0) > 0 then
        require('aca.start').lines(opts.line1, opts.line2, text)
      else
        require('aca.start').todo()
      end
    end,
  },
  run = {
    run = function(text)
      require('aca.start').text(text)
    end,
  },
  review = {
    run = function(text)
      if text and text ~= 'diff' then
        client.warn('`:Aca review` takes nothing, or `diff`.')
        return
      end
      with_task(fits.reviewable, 'no task waits for review.', function(task)
        require('aca.review').open(task.id, { view = text == 'diff' and 'diff' or nil })
      end)
    end,
    complete = function()
      return { 'diff' }
    end,
  },
  tasks = {
    run = function()
      require('aca.tree').open()
    end,
  },
  transcript = {
    run = function()
      with_task(fits.any, 'there is no task yet.', function(task)
        require('aca.transcript').open(task.id)
      end)
    end,
  },
  tell = {
    run = function(text)
      with_task(fits.tellable, 'no agent is at work; `:Aca sendback` takes a remark on a proposal.', function(task)
        ask.tell(task.id, text)
      end)
    end,
  },
  sendback = {
    run = function(text)
      with_task(fits.sendable, 'there is no proposal to send back.', function(task)
        ask.send_back(task.id, nil, text)
      end)
    end,
  },
  reopen = {
    run = function()
      with_task(fits.reopenable, 'there is no proposal of which anything was rejected.', function(task)
        ask.reopen(task.id)
      end)
    end,
  },
  pause = {
    run = function()
      with_task(fits.running, 'no agent is at work.', function(task)
        ask.pause(task.id)
      end)
    end,
  },
  resume = {
    run = function()
      with_task(fits.paused, 'no task is paused; `:Aca continue` has one go on that has stopped.', function(task)
        ask.resume(task.id)
      end)
    end,
  },
  stop = {
    run = function()
      with_task(fits.stoppable, 'no task is at work.', function(task)
        ask.stop(task.id)
      end)
    end,
  },
  continue = {
    run = function()
      with_task(fits.recoverable, 'no task has stopped, failed or got lost.', function(task)
        ask.recover(task.id)
      end)
    end,
  },
  undo = { run = ask.undo },
  check = {
    run = function()
      with_task(fits.reviewable, 'no task waits for review, so there is nothing to check.', function(task)
        ask.check(task.id)
      end)
    end,
  },
  usage = { run = ask.usage },
  doctor = {
    run = function()
      program({ 'doctor' }, 'doctor')
    end,
  },
  quickfix = {
    run = function()
      require('aca.quickfix').open()
    end,
  },
  log = {
    run = function()
      program({ 'daemon', 'logs' }, 'log')
    end,
  },
  restart = {
    run = function()
      require('aca.restart').run()
    end,
  },
  health = {
    run = function()
      vim.cmd.checkhealth('aca')
    end,
  },
}

---@return string[]
local function names()
  return vim.fn.sort(vim.tbl_keys(M.subcommands))
end

---Runs `:Aca`.
---@param opts table
function M.run(opts)
  local name = opts.fargs[1]
  if not name then
    require('aca.tree').open()
    return
  end
  local subcommand = M.subcommands[name]
  if not subcommand then
    client.warn(('`:Aca %s` does not exist. There is: %s.'):format(name, table.concat(names(), ', ')))
    return
  end
  local text = vim.trim((opts.args or name):sub(#name + 1))
  subcommand.run(text ~= '' and text or nil, opts)
end

---Completes `:Aca`.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = vim.split(vim.trim(line:sub(1, #line - #lead)):gsub('^.-Aca', ''), '%s+', { trimempty = true })
  local choices = names()
  if #before > 0 then
    local subcommand = M.subcommands[before[1]]
    choices = #before == 1 and subcommand and subcommand.complete and subcommand.complete() or {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
