--- A review: one task's proposal, shown over the files until every hunk is decided or a person closes it.
---
--- Nothing is remembered here that the server does not say. Extmarks only follow what is typed until the next answer.

local client = require('aca.client')
local keys = require('aca.review.keys')
local overlay = require('aca.review.overlay')
local proposals = require('aca.proposals')
local sheet = require('aca.review.sheet')
local tasks = require('aca.tasks')
local window = require('aca.window')
local words = require('aca.words')

local M = {}

--- An undecided hunk with its place in the order of all.
---@class aca.Entry
---@field file aca.File
---@field hunk aca.Hunk
---@field number integer

---@class aca.Review
---@field task string
---@field server integer
---@field workspace string
---@field proposal aca.Proposal
---@field entries aca.Entry[]
---@field view 'overlay'|'diff'
---@field drawn table<integer, aca.Shown[]> hunks over the buffers of files
---@field sheets table<integer, aca.Entry> changes with buffers of their own
---@field buffers table<integer, true> buffers that have the keys
---@field pointed? { bufnr: integer, shown: aca.Shown } the hunk whose banner lists the keys

---@type aca.Review?
local review

local GROUP = 'aca.review'

---@return aca.Review?
function M.state()
  return review
end

---@param file aca.File
---@return string
local function path_of(file)
  local server = assert(review and vim.lsp.get_client_by_id(review.server))
  return client.path(server, review.workspace, file.path)
end

---@param bufnr integer
local function take_in(bufnr)
  review.buffers[bufnr] = true
  keys.set(bufnr)
end

---Draws what is undecided over the buffers that are there, and nothing else.
local function draw()
  for bufnr in pairs(review.drawn) do
    overlay.clear(bufnr)
  end
  local sheets = review.sheets
  review.drawn, review.sheets, review.pointed = {}, {}, nil
  if not vim.lsp.get_client_by_id(review.server) then
    return
  end
  local by_buffer = {}
  for _, entry in ipairs(review.entries) do
    local path = path_of(entry.file)
    if sheet.is_for(entry.file, path) then
      local bufnr = sheet.buffer(review.task, entry.file)
      review.sheets[bufnr] = entry
      take_in(bufnr)
      sheet.draw(review.proposal, bufnr, entry, #review.entries)
    else
      local bufnr = window.loaded(path)
      if bufnr then
        by_buffer[bufnr] = by_buffer[bufnr] or {}
        table.insert(by_buffer[bufnr], entry)
      end
    end
  end
  for bufnr in pairs(sheets) do
    if not review.sheets[bufnr] then
      review.buffers[bufnr] = nil
      window.drop(bufnr)
    end
  end
  for bufnr, entries in pairs(by_buffer) do
    take_in(bufnr)
    if review.view == 'overlay' then
      review.drawn[bufnr] = overlay.draw(review.proposal, bufnr, entries, #review.entries)
    end
  end
  M.point()
end

---Returns the undecided hunk under the cursor.
---@return aca.Entry?, aca.Shown?
function M.current()
  if not review then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  if review.view == 'diff' then
    local entry = require('aca.review.diff').current()
    if entry then
      return entry
    end
  end
  if review.sheets[bufnr] then
    return review.sheets[bufnr]
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local found
  for _, shown in ipairs(review.drawn[bufnr] or {}) do
    local at = overlay.rows(bufnr, shown)
    if row == at.home or (at.first <= row and row < at.last) then
      -- Where an insertion stands before other changed lines, the lines are meant.
      if not found or at.last > at.first then
        found = shown
      end
    end
  end
  return found and review.entries[found.number], found
end

---Lists the keys at the hunk under the cursor.
function M.point()
  local bufnr = vim.api.nvim_get_current_buf()
  if not review or not review.drawn[bufnr] then
    return
  end
  local _, shown = M.current()
  local before = review.pointed
  if before and before.shown == shown then
    return
  end
  if before and review.drawn[before.bufnr] then
    overlay.point_at(review.proposal, before.bufnr, before.shown, nil, #review.entries)
  end
  overlay.point_at(review.proposal, bufnr, nil, shown, #review.entries)
  review.pointed = shown and { bufnr = bufnr, shown = shown }
end

---Takes in a proposal that is newer than the one that is shown, or as new.
---@param proposal aca.Proposal
function M.take(proposal)
  if not review or proposal.task ~= review.task or proposal.revision < review.proposal.revision then
    return
  end
  review.proposal = proposal
  review.entries = proposals.open_hunks(proposal)
  for number, entry in ipairs(review.entries) do
    entry.number = number
  end
  if #review.entries == 0 then
    M.close('every hunk is decided.')
    return
  end
  draw()
  if review.view == 'diff' then
    require('aca.review.diff').refresh()
  end
end

---Asks the server again. What was typed while it answered makes its places old, so it is asked once more then.
function M.refresh()
  if not review then
    return
  end
  local ticks = {}
  for bufnr in pairs(review.drawn) do
    ticks[bufnr] = vim.api.nvim_buf_get_changedtick(bufnr)
  end
  proposals.ask(review.task, function(proposal)
    for bufnr, tick in pairs(ticks) do
      if vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
        M.refresh()
        return
      end
    end
    M.take(proposal)
  end, vim.api.nvim_get_current_buf())
end

---Shows an undecided hunk, in the window that has its file or in this one.
---@param entry aca.Entry
function M.go_to(entry)
  if review.view == 'diff' and require('aca.review.diff').go_to(entry) then
    return
  end
  local path = path_of(entry.file)
  if sheet.is_for(entry.file, path) then
    window.show(sheet.buffer(review.task, entry.file))
    draw()
    return
  end
  local bufnr = window.file(path)
  window.show(bufnr)
  if not review.drawn[bufnr] then
    draw()
  end
  for _, shown in ipairs(review.drawn[bufnr] or {}) do
    if shown.hunk.id == entry.hunk.id then
      local row = overlay.rows(bufnr, shown).home
      vim.api.nvim_win_set_cursor(0, { row + 1, 0 })
      vim.cmd('normal! zv')
      local below = vim.fn.line('w$') - row
      if below < shown.hunk.lines + 2 then
        vim.cmd('normal! zz')
      end
      overlay.reveal(bufnr, review.drawn[bufnr])
    end
  end
  M.point()
end

---Returns the undecided hunk after the cursor, or before it: in this file first, then in the next ones, and around.
---@param direction 1|-1
---@param here_only? boolean
---@return aca.Entry?
function M.beside(direction, here_only)
  local bufnr = vim.api.nvim_get_current_buf()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here, file
  for _, shown in ipairs(review.drawn[bufnr] or {}) do
    file = shown.file
    local home = overlay.rows(bufnr, shown).home
    local is_after = home > row
    if
      home ~= row
      and is_after == (direction == 1)
      and (not here or direction == 1 and home < here.home or direction == -1 and home > here.home)
    then
      here = { home = home, entry = review.entries[shown.number] }
    end
  end
  if here or here_only then
    return here and here.entry
  end
  local current = M.current()
  file = file or (current and current.file)
  local count = #review.entries
  local start = direction == 1 and 0 or count + 1
  if file then
    for number, entry in ipairs(review.entries) do
      if entry.file.path == file.path and (direction == 1 or start == count + 1) then
        start = number
      end
    end
  elseif current then
    start = current.number
  end
  return review.entries[(start - 1 + direction) % count + 1]
end

---@param options? { hunk?: string }
local function go_to_first(options)
  local wanted = options and options.hunk
  for _, entry in ipairs(review.entries) do
    if entry.hunk.id == wanted then
      M.go_to(entry)
      return
    end
  end
  if M.current() then
    M.point()
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local here = review.drawn[bufnr] and review.drawn[bufnr][1]
  M.go_to(here and review.entries[here.number] or review.entries[1])
end

local function follow()
  local group = vim.api.nvim_create_augroup(GROUP, {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  on('User', function(event)
    if event.match == 'AcaProposalChanged' and event.data.task == review.task then
      M.refresh()
    elseif event.match == 'AcaTaskChanged' and event.data.task and event.data.task.id == review.task then
      local task = event.data.task
      if words.is_working(task) and task.state.name ~= 'verifying' then
        M.close('the task is at work again; its next proposal can be reviewed when it is ready.')
      end
    end
  end)
  on('CursorMoved', function()
    M.point()
  end)
  -- A buffer that is shown or read anew has no marks yet, or lost them.
  on({ 'BufWinEnter', 'BufReadPost' }, function(event)
    if vim.bo[event.buf].buftype == '' or review.sheets[event.buf] then
      vim.schedule(function()
        if review then
          draw()
        end
      end)
    end
  end)
  on({ 'WinResized', 'VimResized' }, function()
    draw()
  end)
  on('WinScrolled', function(event)
    local bufnr = vim.api.nvim_win_is_valid(tonumber(event.match) or -1)
      and vim.api.nvim_win_get_buf(tonumber(event.match) --[[@as integer]])
    if bufnr and review.drawn[bufnr] then
      overlay.reveal(bufnr, review.drawn[bufnr])
    end
  end)
end

---@param task aca.Task
---@param proposal aca.Proposal
---@param options { hunk?: string, view?: 'overlay'|'diff' }
local function begin(task, proposal, options)
  review = {
    task = task.id,
    server = assert(tasks.client(task.id)).id,
    workspace = task.workspace,
    proposal = proposal,
    entries = {},
    view = 'overlay',
    drawn = {},
    sheets = {},
    buffers = {},
  }
  follow()
  M.take(proposal)
  go_to_first(options)
  if options.view == 'diff' then
    require('aca.review.diff').open()
  end
  if proposal.note and proposal.note ~= '' then
    client.say(proposal.note)
  end
  tasks.emit('AcaReviewOpened', { task = task.id })
end

---Opens the review of a task, or goes to it.
---@param id string
---@param options? { hunk?: string, view?: 'overlay'|'diff' }
function M.open(id, options)
  options = options or {}
  if review and review.task == id then
    if options.view and options.view ~= review.view then
      require('aca.review.act').view()
    end
    go_to_first(options)
    return
  end
  local task = tasks.get(id)
  if not task then
    client.warn('this task is not known here any more.')
    return
  end
  if words.is_working(task) and task.state.name ~= 'verifying' then
    client.say('the task is at work; its proposal can be reviewed when it is ready.')
    return
  end
  proposals.ask(id, function(proposal)
    if #proposals.open_hunks(proposal) == 0 then
      client.say('there is no undecided hunk in this task.')
      return
    end
    M.close()
    begin(task, proposal, options)
  end, vim.api.nvim_get_current_buf())
end

---Closes the review. What is undecided stays so.
---@param why? string
function M.close(why)
  local closed = review
  if not closed then
    return
  end
  if closed.view == 'diff' then
    require('aca.review.diff').close()
  end
  review = nil
  vim.api.nvim_del_augroup_by_name(GROUP)
  for bufnr in pairs(closed.buffers) do
    overlay.clear(bufnr)
    keys.restore(bufnr)
  end
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.startswith(vim.api.nvim_buf_get_name(bufnr), 'aca://review/') then
      window.drop(bufnr)
    end
  end
  if why then
    client.say(why)
  end
  tasks.emit('AcaReviewClosed', { task = closed.task })
end

---@param server integer
function M.server_ended(server)
  if review and review.server == server then
    M.close('the server has ended, and the review with it. Nothing is lost: `:Aca restart`, then `:Aca review`.')
  end
end

return M
