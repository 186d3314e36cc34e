--- The other view of a review: a tab with what a file says now on the left and what it would say on the right, where it
--- can be edited. Both sides have the keys of the review.

local client = require('aca.client')
local cursor = require('aca.review.cursor')
local keys = require('aca.review.keys')
local review = require('aca.review')
local tasks = require('aca.tasks')
local window = require('aca.window')

local M = {}

---@class aca.Diff
---@field tab integer
---@field left integer window
---@field right integer window
---@field bufnr? integer the right side
---@field path? string
---@field base? string the text that the right side was made from
---@field hunks { id: string, line: integer, lines: integer, proposedLine: integer, proposedLines: integer }[]

---@type aca.Diff?
local diff

---@return string
local function right_text()
  local lines = vim.api.nvim_buf_get_lines(diff.bufnr, 0, -1, false)
  local text = table.concat(lines, '\n')
  return vim.bo[diff.bufnr].endofline and text .. '\n' or text
end

local function diff_on()
  for _, side in ipairs({ diff.left, diff.right }) do
    vim.api.nvim_win_call(side, function()
      vim.cmd('diffthis')
    end)
  end
  vim.api.nvim_win_call(diff.right, function()
    vim.cmd('diffupdate')
  end)
end

---@param result table
local function take_file(result)
  diff.base, diff.hunks = result.proposed or '', result.hunks
  local text = diff.base:gsub('\r\n', '\n')
  vim.bo[diff.bufnr].modifiable = true
  vim.bo[diff.bufnr].endofline = text == '' or text:sub(-1) == '\n'
  vim.api.nvim_buf_set_lines(diff.bufnr, 0, -1, false, vim.split((text:gsub('\n$', '')), '\n', { plain = true }))
  vim.bo[diff.bufnr].modified = false
  vim.bo[diff.bufnr].modifiable = result.editable
  diff_on()
end

local function write()
  local state = review.state()
  local server = state and tasks.client(state.task)
  if not server then
    return
  end
  local line_end = diff.base:find('\r\n', 1, true) and '\r\n' or '\n'
  local text = right_text():gsub('\n', line_end)
  vim.bo[diff.bufnr].modified = false
  local params = { task = state.task, path = diff.path, base = diff.base, text = text }
  client.request(server, 'aca/editProposal', params, function(result)
    take_file(result)
    review.refresh()
  end, function(error)
    vim.bo[diff.bufnr].modified = true
    client.warn(error.message)
    return true
  end)
end

---@param file aca.File
---@return integer
local function make_right(file)
  local state = assert(review.state())
  local bufnr = window.buffer(('aca://proposal/%s/%s'):format(state.task, file.path))
  vim.bo[bufnr].buftype = 'acwrite'
  vim.bo[bufnr].syntax = vim.filetype.match({ filename = file.path }) or ''
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    group = vim.api.nvim_create_augroup('aca.diff.' .. bufnr, {}),
    buffer = bufnr,
    callback = write,
  })
  state.buffers[bufnr] = true
  keys.set(bufnr)
  return bufnr
end

---Asks for the texts of the file that is shown; what a person edits on the right is not touched.
---@param done? fun()
function M.refresh(done)
  local state = review.state()
  local server = state and tasks.client(state.task)
  if not server or not diff or not diff.path or vim.bo[diff.bufnr].modified then
    return
  end
  local path = diff.path
  client.request(server, 'aca/proposalFile', { task = state.task, path = path }, function(result)
    if diff and diff.path == path and not vim.bo[diff.bufnr].modified then
      take_file(result)
      if done then
        done()
      end
    end
  end, nil, vim.api.nvim_win_get_buf(diff.left))
end

---@param entry aca.Entry
local function put_cursor(entry)
  for _, hunk in ipairs(diff.hunks) do
    if hunk.id == entry.hunk.id then
      vim.api.nvim_set_current_win(diff.right)
      local bottom = vim.api.nvim_buf_line_count(diff.bufnr)
      vim.api.nvim_win_set_cursor(diff.right, { math.min(hunk.proposedLine + 1, bottom), 0 })
      vim.cmd('normal! zvzz')
    end
  end
end

---@param file aca.File
---@param done fun()
local function show(file, done)
  local state = assert(review.state())
  local server = tasks.client(state.task)
  if not server then
    return
  end
  vim.api.nvim_win_call(diff.left, function()
    vim.cmd('diffoff')
    vim.cmd.buffer(window.file(client.path(server, state.workspace, file.path)))
  end)
  local left = vim.api.nvim_win_get_buf(diff.left)
  state.buffers[left] = true
  keys.set(left)
  diff.bufnr, diff.path, diff.hunks = make_right(file), file.path, {}
  vim.api.nvim_win_call(diff.right, function()
    vim.cmd('diffoff')
    vim.cmd.buffer(diff.bufnr)
  end)
  local name = file.path:gsub('%%', '%%%%')
  vim.wo[diff.left].winbar = '%#AcaBanner# now: ' .. name
  vim.wo[diff.right].winbar = '%#AcaBanner# proposed: ' .. name .. '  ·  :w keeps edits'
  M.refresh(done)
end

---Shows a hunk here, if its file has lines to compare.
---@param entry aca.Entry
---@return boolean
function M.go_to(entry)
  if not diff or not vim.api.nvim_tabpage_is_valid(diff.tab) or entry.file.change.kind ~= 'modify' then
    return false
  end
  vim.api.nvim_set_current_tabpage(diff.tab)
  if diff.path == entry.file.path then
    put_cursor(entry)
  else
    show(entry.file, function()
      put_cursor(entry)
    end)
  end
  return true
end

---Returns the undecided hunk under the cursor, on either side.
---@return aca.Entry?
function M.current()
  local state = review.state()
  local here = vim.api.nvim_get_current_win()
  if not state or not diff or (here ~= diff.left and here ~= diff.right) then
    return
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, hunk in ipairs(diff.hunks) do
    local first = here == diff.right and hunk.proposedLine or hunk.line
    local lines = here == diff.right and hunk.proposedLines or hunk.lines
    if first <= row and row < first + math.max(lines, 1) then
      for _, entry in ipairs(state.entries) do
        if entry.hunk.id == hunk.id then
          return entry
        end
      end
    end
  end
end

---Opens the tab, at the hunk under the cursor or the first one that has lines.
function M.open()
  local state = assert(review.state())
  local entry = cursor.current(state)
  if not entry or entry.file.change.kind ~= 'modify' then
    entry = vim.iter(state.entries):find(function(each)
      return each.file.change.kind == 'modify'
    end)
  end
  if not entry then
    client.say('no file of this proposal has lines to compare.')
    return
  end
  state.view = 'diff'
  vim.cmd('tab split')
  local left = vim.api.nvim_get_current_win()
  vim.cmd('rightbelow vsplit')
  local right = vim.api.nvim_get_current_win()
  diff = { tab = vim.api.nvim_get_current_tabpage(), left = left, right = right, hunks = {} }
  vim.api.nvim_create_autocmd('TabClosed', {
    group = vim.api.nvim_create_augroup('aca.diff', {}),
    callback = function()
      if diff and not vim.api.nvim_tabpage_is_valid(diff.tab) then
        M.close()
        review.refresh()
      end
    end,
  })
  review.take(state.proposal)
  M.go_to(entry)
end

---Closes the tab; the review goes on in the files.
function M.close()
  local closed = diff
  if not closed then
    return
  end
  diff = nil
  vim.api.nvim_del_augroup_by_name('aca.diff')
  local state = review.state()
  if state then
    state.view = 'overlay'
  end
  if vim.api.nvim_tabpage_is_valid(closed.tab) then
    for _, side in ipairs({ closed.left, closed.right }) do
      if vim.api.nvim_win_is_valid(side) then
        vim.api.nvim_win_call(side, function()
          vim.cmd('diffoff')
        end)
      end
    end
    if #vim.api.nvim_list_tabpages() > 1 then
      vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(closed.tab))
    end
  end
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.startswith(vim.api.nvim_buf_get_name(bufnr), 'aca://proposal/') then
      if state then
        state.buffers[bufnr] = nil
      end
      keys.restore(bufnr)
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end
end

return M
