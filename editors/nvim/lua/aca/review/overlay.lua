--- Draws hunks over a buffer that stays as it is: old lines marked, new lines as virtual ones below them.

local banner = require('aca.review.banner')
local emphasis = require('aca.review.emphasis')
local proposals = require('aca.proposals')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('aca.review')
--- Above syntax, tree-sitter and semantic tokens.
local PRIORITY = 200

--- A hunk as it is drawn.
---@class aca.Shown
---@field file aca.File
---@field hunk aca.Hunk
---@field number integer which of the undecided ones it is
---@field mark integer over the lines that it replaces
---@field banner integer
---@field above boolean whether its new lines stand above the first line of the buffer

---Returns the lines of a file that a hunk replaces, as they are drawn: from where the server says, if that is there.
---@param bufnr integer
---@param hunk aca.Hunk
---@return integer first, integer last
local function place(bufnr, hunk)
  local count = vim.api.nvim_buf_line_count(bufnr)
  local first = math.min(hunk.line, count)
  return first, math.min(first + hunk.lines, count)
end

---Returns what would stand in the place of a hunk, were it accepted.
---@param hunk aca.Hunk
---@return string[]
function M.new_lines(hunk)
  if hunk.state.name == 'alreadyThere' then
    return {}
  end
  return proposals.lines(hunk.state.merged or hunk.new)
end

---Returns how many columns of text the widest window of a buffer shows.
---@param bufnr integer
---@return integer
function M.width(bufnr)
  local widest = 0
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    widest = math.max(widest, vim.api.nvim_win_get_width(window) - vim.fn.getwininfo(window)[1].textoff)
  end
  return widest > 0 and widest or vim.o.columns
end

---Returns a line as virtual text: tabs as the buffer shows them, words that are new marked, padded so that its colour
---reaches the edge of the window.
---@param bufnr integer
---@param line string
---@param spans { [1]: integer, [2]: integer }[]
---@param group string
---@param columns integer
---@return [string, string][]
local function virtual(bufnr, line, spans, group, columns)
  local chunks, shown = {}, 0
  local function push(text, of)
    local expanded = ''
    for piece, tab in text:gmatch('([^\t]*)(\t?)') do
      expanded = expanded .. piece
      if tab ~= '' then
        local stop = vim.bo[bufnr].tabstop
        local at = shown + vim.fn.strdisplaywidth(expanded)
        expanded = expanded .. (' '):rep(stop - at % stop)
      end
    end
    if expanded ~= '' then
      shown = shown + vim.fn.strdisplaywidth(expanded)
      table.insert(chunks, { expanded, of })
    end
  end
  local at = 0
  for _, span in ipairs(spans) do
    push(line:sub(at + 1, span[1]), group)
    push(line:sub(span[1] + 1, span[2]), group .. 'Word')
    at = span[2]
  end
  push(line:sub(at + 1), group)
  push((' '):rep(columns - shown), group)
  return chunks
end

---@param hunk aca.Hunk
---@return string text, string group
local function sign(hunk)
  if proposals.is_conflict(hunk) then
    return '!', 'AcaConflict'
  elseif hunk.lines == 0 then
    return '+', 'AcaSignAdd'
  elseif #M.new_lines(hunk) == 0 then
    return '-', 'AcaSignDelete'
  end
  return '~', 'AcaSignChange'
end

---Draws what a hunk would put there, and its banner.
---@param proposal aca.Proposal
---@param bufnr integer
---@param shown aca.Shown
---@param count integer
---@param is_current boolean
local function draw_new(proposal, bufnr, shown, count, is_current)
  local lines = banner.lines(proposal, shown, count, is_current, M.width(bufnr))
  local new = {}
  local columns = M.width(bufnr)
  local at = M.rows(bufnr, shown)
  local old = vim.api.nvim_buf_get_lines(bufnr, at.first, at.last, false)
  local _, only_new = emphasis.spans(old, M.new_lines(shown.hunk))
  for row, line in ipairs(M.new_lines(shown.hunk)) do
    local spans = {}
    for _, span in ipairs(only_new) do
      if span[1] == row - 1 then
        table.insert(spans, { span[2], span[3] })
      end
    end
    table.insert(new, virtual(bufnr, line, spans, 'AcaAdd', columns))
  end
  shown.banner = vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, at.virtual, 0, {
    id = shown.banner,
    virt_lines = vim.list_extend(new, lines),
    virt_lines_above = shown.above,
    virt_lines_overflow = 'scroll',
    priority = PRIORITY,
  })
end

---Returns where a hunk stands now: its first line, the line after its last, the line that has its sign and its cursor,
---and the one that its virtual lines hang on.
---@param bufnr integer
---@param shown aca.Shown
---@return { first: integer, last: integer, home: integer, virtual: integer }
function M.rows(bufnr, shown)
  local mark = vim.api.nvim_buf_get_extmark_by_id(bufnr, NAMESPACE, shown.mark, { details = true })
  local first = mark[1] or 0
  local last = mark[3] and mark[3].end_row or first
  local bottom = vim.api.nvim_buf_line_count(bufnr) - 1
  return {
    first = first,
    last = last,
    home = math.min(first, bottom),
    virtual = math.min(math.max(last - 1, 0), bottom),
  }
end

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  end
end

---@param bufnr integer
---@param file aca.File
---@param hunk aca.Hunk
---@param number integer
---@return aca.Shown
local function draw_place(bufnr, file, hunk, number)
  local first, last = place(bufnr, hunk)
  local text, group = sign(hunk)
  local mark = vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, first, 0, {
    end_row = last,
    end_col = 0,
    strict = false,
    hl_group = last > first and 'AcaDelete' or nil,
    hl_eol = true,
    priority = PRIORITY,
  })
  local bottom = vim.api.nvim_buf_line_count(bufnr) - 1
  vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, math.min(first, bottom), 0, {
    sign_text = text,
    sign_hl_group = group,
    priority = PRIORITY,
  })
  local old = vim.api.nvim_buf_get_lines(bufnr, first, last, false)
  for _, span in ipairs((emphasis.spans(old, M.new_lines(hunk)))) do
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, first + span[1], span[2], {
      end_col = span[3],
      hl_group = 'AcaDeleteWord',
      priority = PRIORITY + 1,
    })
  end
  return { file = file, hunk = hunk, number = number, mark = mark, above = hunk.lines == 0 and first == 0 }
end

---Draws hunks of a file anew, and returns them.
---@param proposal aca.Proposal
---@param bufnr integer
---@param hunks { file: aca.File, hunk: aca.Hunk, number: integer }[]
---@param count integer how many are undecided in all files
---@return aca.Shown[]
function M.draw(proposal, bufnr, hunks, count)
  M.clear(bufnr)
  local all = {}
  for _, entry in ipairs(hunks) do
    local shown = draw_place(bufnr, entry.file, entry.hunk, entry.number)
    draw_new(proposal, bufnr, shown, count, false)
    table.insert(all, shown)
  end
  M.reveal(bufnr, all)
  return all
end

---Lists the keys in the banner of one hunk and no other.
---@param proposal aca.Proposal
---@param bufnr integer
---@param before? aca.Shown
---@param now? aca.Shown
---@param count integer
function M.point_at(proposal, bufnr, before, now, count)
  if before then
    draw_new(proposal, bufnr, before, count, false)
  end
  if now then
    draw_new(proposal, bufnr, now, count, true)
  end
end

---Shows what stands above the first line of a buffer, where a window begins with that: Neovim does not scroll there by
---itself.
---@param bufnr integer
---@param all aca.Shown[]
function M.reveal(bufnr, all)
  local above = 0
  for _, shown in ipairs(all) do
    if shown.above then
      local mark = vim.api.nvim_buf_get_extmark_by_id(bufnr, NAMESPACE, shown.banner, { details = true })
      above = above + #(mark[3] and mark[3].virt_lines or {})
    end
  end
  if above == 0 then
    return
  end
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.api.nvim_win_call(window, function()
      local view = vim.fn.winsaveview()
      if view.topline == 1 and view.topfill < above then
        vim.fn.winrestview({ topline = 1, topfill = above })
      end
    end)
  end
end

return M
