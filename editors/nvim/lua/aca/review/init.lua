--- A review: one task's proposal, shown over the files until every hunk is decided or a person closes it.
---
--- Nothing is remembered here that the server does not say. Extmarks only follow what is typed until the next answer.

local client = require('aca.client')
local cursor = require('aca.review.cursor')
local draw = require('aca.review.draw')
local keys = require('aca.review.keys')
local overlay = require('aca.review.overlay')
local proposals = require('aca.proposals')
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
---@field asked integer requests under way whose answer is the newest proposal
---@field missed integer the newest revision that was told of meanwhile
---@field pointed? { bufnr: integer, shown: aca.Shown } the hunk whose banner lists the keys

---@type aca.Review?
local review

local GROUP = 'aca.review'

---@return aca.Review?
function M.state()
  return review
end

local function redraw()
  if review then
    draw.all(review)
    cursor.point(review)
  end
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
  redraw()
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

---Asks for a change of the proposal. What is drawn stays as it is until the answer, which has the newest proposal: a key
---that is pressed then means what is on the screen.
---@param server vim.lsp.Client
---@param method string
---@param params table
---@param on_result? fun(result: any) called when the proposal was taken in
---@param on_error? fun(error: lsp.ResponseError): boolean?
function M.change(server, method, params, on_result, on_error)
  local asking = review
  local function answered(proposal)
    if asking then
      asking.asked = asking.asked - 1
    end
    if proposal then
      M.take(proposal)
    end
    if asking and asking == review and asking.asked == 0 and asking.missed > asking.proposal.revision then
      M.refresh()
    end
  end
  if asking then
    asking.asked = asking.asked + 1
  end
  client.request(server, method, params, function(result)
    answered(result.proposal or result)
    if on_result then
      on_result(result)
    end
  end, function(error)
    answered()
    return on_error and on_error(error)
  end, vim.api.nvim_get_current_buf())
end

local function follow()
  local group = vim.api.nvim_create_augroup(GROUP, {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  on('User', function(event)
    if event.match == 'AcaProposalChanged' and event.data.task == review.task then
      if review.asked > 0 then
        review.missed = math.max(review.missed, event.data.revision)
      else
        M.refresh()
      end
    elseif event.match == 'AcaTaskChanged' and event.data.task and event.data.task.id == review.task then
      local task = event.data.task
      if words.is_working(task) and task.state.name ~= 'verifying' then
        M.close('the task is at work again; its next proposal can be reviewed when it is ready.')
      end
    end
  end)
  on({ 'CursorMoved', 'WinEnter' }, function()
    cursor.point(review)
  end)
  -- A buffer that is shown or read anew has no marks yet, or lost them.
  on({ 'BufWinEnter', 'BufReadPost' }, function(event)
    if vim.bo[event.buf].buftype == '' or review.sheets[event.buf] then
      vim.schedule(redraw)
    end
  end)
  on({ 'WinResized', 'VimResized' }, redraw)
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
    asked = 0,
    missed = 0,
  }
  follow()
  M.take(proposal)
  cursor.go_to_first(review, options)
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
    cursor.go_to_first(review, options)
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
