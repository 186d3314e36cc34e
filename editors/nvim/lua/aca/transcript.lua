--- What a task's agent says and does, as a buffer that grows with it. Windows at its end stay at its end; what tools
--- answered is folded.

local client = require('aca.client')
local proposals = require('aca.proposals')
local tasks = require('aca.tasks')
local window = require('aca.window')
local words = require('aca.words')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('aca.transcript')
local PREFIX = 'aca://transcript/'
--- Lines of a tool's answer begin with this, by which they are folded.
local ANSWER = '    │ '

---@class aca.Transcript
---@field task string
---@field bufnr integer
---@field attempt? string the one that is read
---@field from integer
---@field asking boolean
---@field again boolean there was news while it was asked

---@type table<string, aca.Transcript> by task
local open = {}

---@param text string
---@param prefix string
---@return string[]
local function prefixed(text, prefix)
  return vim.tbl_map(function(line)
    return prefix .. line
  end, proposals.lines(text))
end

--- How each kind of record is written: lines, and the highlight group of all of them.
---@type table<string, fun(body: table): string[], string?>
local WRITERS = {
  started = function(body)
    return { ('The agent %s has started.'):format(body.agent) }, 'AcaDone'
  end,
  prompted = function()
    return { 'It has its task.' }, 'AcaDone'
  end,
  said = function(body)
    return vim.list_extend({ '' }, proposals.lines(body.text))
  end,
  ['tool-use'] = function(body)
    return { ('  ▸ %s %s'):format(body.tool, words.short(body.about, 120)) }, 'AcaTool'
  end,
  ['tool-result'] = function(body)
    local lines = prefixed(body.text, ANSWER)
    if not body.ok then
      table.insert(lines, 1, ANSWER .. 'It failed:')
    end
    return lines, body.ok and 'AcaToolResult' or 'AcaFailed'
  end,
  retry = function(body)
    local try = ('The model is asked again (%d of %d): %s'):format(body.attempt, body.max, body.reason)
    return { try }, 'AcaConflict'
  end,
  interrupted = function(body)
    return { 'The agent was interrupted and goes on: ' .. body.reason }, 'AcaConflict'
  end,
  noise = function(body)
    return prefixed(body.text, ANSWER), 'AcaToolResult'
  end,
  watchdog = function(body)
    return { body.text }, 'AcaConflict'
  end,
  ['stop-asked'] = function()
    return { 'Someone asked it to stop.' }, 'AcaConflict'
  end,
  told = function(body)
    return vim.list_extend({ '' }, prefixed(body.text, '> ')), 'AcaTold'
  end,
  paused = function()
    return { 'Someone held it.' }, 'AcaDone'
  end,
  resumed = function()
    return { 'Someone let it go on.' }, 'AcaDone'
  end,
}

---Appends lines. Windows whose cursor is at the end stay there.
---@param transcript aca.Transcript
---@param lines string[]
---@param group? string
local function append(transcript, lines, group)
  local bufnr = transcript.bufnr
  local count = vim.api.nvim_buf_line_count(bufnr)
  local is_empty = count == 1 and vim.api.nvim_buf_get_lines(bufnr, 0, 1, true)[1] == ''
  local at_end = vim.tbl_filter(function(win)
    return vim.api.nvim_win_get_cursor(win)[1] == count
  end, vim.fn.win_findbuf(bufnr))
  local first = is_empty and 0 or count
  window.write(bufnr, first, -1, lines)
  if group then
    for row = first, first + #lines - 1 do
      vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, row, 0, { end_row = row + 1, strict = false, hl_group = group })
    end
  end
  for _, win in ipairs(at_end) do
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(bufnr), 0 })
  end
end

---@param transcript aca.Transcript
---@param info { id: string, model?: string, backend?: string }
---@param number integer
local function begin_attempt(transcript, info, number)
  local heading = ('── attempt %d%s ──'):format(number, info.model and ' · ' .. info.model or '')
  append(transcript, number > 1 and { '', heading } or { heading }, 'AcaHeading')
end

local read

---@param transcript aca.Transcript
---@param result table
local function take(transcript, result)
  for _, record in ipairs(result.records) do
    local writer = WRITERS[record.body.type]
    if writer then
      local lines, group = writer(record.body)
      if #lines > 0 then
        append(transcript, lines, group)
      end
    end
  end
  transcript.from = result.next
end

---Goes on to the attempt after the one that was read to its end, if there is one.
---@param transcript aca.Transcript
---@param attempts table[]
---@return boolean
local function next_attempt(transcript, attempts)
  for number, info in ipairs(attempts) do
    if not transcript.attempt or (attempts[number - 1] and attempts[number - 1].id == transcript.attempt) then
      transcript.attempt, transcript.from = info.id, 0
      begin_attempt(transcript, info, number)
      return true
    end
  end
  return false
end

---@param transcript aca.Transcript
---@param params table
---@param on_result fun(result: table)
local function ask(transcript, params, on_result)
  local server = tasks.client(transcript.task)
  if not server then
    transcript.asking = false
    return
  end
  client.request(server, 'aca/transcript', params, function(result)
    if open[transcript.task] == transcript then
      on_result(result)
    end
  end, function(error)
    transcript.asking = false
    client.say(error.message)
    return true
  end)
end

---Asks which attempts there are, and goes on with the next one.
---@param transcript aca.Transcript
local function read_attempts(transcript)
  ask(transcript, { task = transcript.task, from = 0 }, function(result)
    local is_next = next_attempt(transcript, result.attempts or {})
    transcript.asking = false
    if is_next or transcript.again then
      read(transcript)
    end
  end)
end

---Reads on to the end of the attempt that is read.
---@param transcript aca.Transcript
read = function(transcript)
  if transcript.asking then
    transcript.again = true
    return
  end
  transcript.asking, transcript.again = true, false
  if not transcript.attempt then
    read_attempts(transcript)
    return
  end
  local params = { task = transcript.task, attempt = transcript.attempt, from = transcript.from }
  ask(transcript, params, function(result)
    take(transcript, result)
    local task = tasks.get(transcript.task)
    if not result.more and task and task.attempt ~= transcript.attempt then
      read_attempts(transcript)
      return
    end
    transcript.asking = false
    if result.more or transcript.again then
      read(transcript)
    end
  end)
end

---@type lsp.Handler
function M.on_changed(_, params)
  local transcript = open[params.task]
  if transcript then
    read(transcript)
  end
end

---For 'foldexpr'.
---@param row integer
---@return string
function M.fold(row)
  return vim.startswith(vim.fn.getline(row), ANSWER) and '1' or '0'
end

---For 'foldtext'.
---@return string
function M.fold_text()
  return ('    ┆ %s'):format(words.count(vim.v.foldend - vim.v.foldstart + 1, 'line'))
end

---Returns the task of this buffer, if it is a transcript.
---@return aca.Task?
function M.current()
  local name = vim.api.nvim_buf_get_name(0)
  if vim.startswith(name, PREFIX) then
    return tasks.get(name:sub(#PREFIX + 1))
  end
end

---@param transcript aca.Transcript
local function follow(transcript)
  local bufnr = transcript.bufnr
  local group = vim.api.nvim_create_augroup('aca.transcript.' .. bufnr, {})
  -- A daemon that was replaced does not know who follows what; asking again tells it.
  vim.api.nvim_create_autocmd('User', {
    group = group,
    pattern = 'AcaTaskChanged',
    callback = function(event)
      if event.data.task and event.data.task.id == transcript.task then
        read(transcript)
      end
    end,
  })
  vim.api.nvim_create_autocmd('BufWipeout', {
    group = group,
    buffer = bufnr,
    callback = function()
      open[transcript.task] = nil
      vim.api.nvim_del_augroup_by_id(group)
    end,
  })
end

---Opens the transcript of a task, or goes to it.
---@param id string
function M.open(id)
  local task = tasks.get(id)
  if not task then
    client.warn('this task is not known here any more.')
    return
  end
  local bufnr, is_new = window.scratch(PREFIX .. id, { filetype = 'acatranscript', height = 15 })
  local options = vim.wo[0][0]
  options.wrap = true
  options.linebreak = true
  options.foldmethod = 'expr'
  options.foldexpr = "v:lua.require'aca.transcript'.fold(v:lnum)"
  options.foldtext = "v:lua.require'aca.transcript'.fold_text()"
  options.foldlevel = 0
  options.foldminlines = 0
  options.winbar = '%#AcaBanner# ' .. words.short(task.title, 60):gsub('%%', '%%%%') .. '  ·  zo unfolds, q closes'
  if is_new then
    open[id] = { task = id, bufnr = bufnr, from = 0, asking = false, again = false }
    follow(open[id])
    read(open[id])
  end
end

return M
