--- The cursor of a review: which hunk it is at, and where it goes.

local draw = require('aca.review.draw')
local overlay = require('aca.review.overlay')
local sheet = require('aca.review.sheet')
local window = require('aca.window')

local M = {}

---Returns the undecided hunk under the cursor.
---@param review aca.Review
---@return aca.Entry?, aca.Shown?
function M.current(review)
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
---@param review aca.Review
function M.point(review)
  local bufnr = vim.api.nvim_get_current_buf()
  if not review.drawn[bufnr] then
    return
  end
  local _, shown = M.current(review)
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

---Shows an undecided hunk, in the window that has its file or in this one.
---@param review aca.Review
---@param entry aca.Entry
function M.go_to(review, entry)
  if review.view == 'diff' and require('aca.review.diff').go_to(entry) then
    return
  end
  local path = draw.path(review, entry.file)
  if sheet.is_for(entry.file, path) then
    window.show(sheet.buffer(review.task, entry.file))
    draw.all(review)
    return
  end
  local bufnr = window.file(path)
  window.show(bufnr)
  if not review.drawn[bufnr] then
    draw.all(review)
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
  M.point(review)
end

---Returns the undecided hunk after the cursor, or before it: in this file first, then in the next ones, and around.
---@param review aca.Review
---@param direction 1|-1
---@param here_only? boolean
---@return aca.Entry?
function M.beside(review, direction, here_only)
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
  local current = M.current(review)
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

---Goes to the hunk that is wanted, else to one that is near.
---@param review aca.Review
---@param options? { hunk?: string }
function M.go_to_first(review, options)
  local wanted = options and options.hunk
  for _, entry in ipairs(review.entries) do
    if entry.hunk.id == wanted then
      M.go_to(review, entry)
      return
    end
  end
  if M.current(review) then
    M.point(review)
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local here = review.drawn[bufnr] and review.drawn[bufnr][1]
  M.go_to(review, here and review.entries[here.number] or review.entries[1])
end

return M
