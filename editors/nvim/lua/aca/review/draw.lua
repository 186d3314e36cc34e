--- Draws a review over the buffers that are there.

local client = require('aca.client')
local keys = require('aca.review.keys')
local overlay = require('aca.review.overlay')
local sheet = require('aca.review.sheet')
local window = require('aca.window')

local M = {}

---Returns Neovim's name for a file of a review.
---@param review aca.Review
---@param file aca.File
---@return string
function M.path(review, file)
  local server = assert(vim.lsp.get_client_by_id(review.server))
  return client.path(server, review.workspace, file.path)
end

---@param review aca.Review
---@param bufnr integer
local function take_in(review, bufnr)
  review.buffers[bufnr] = true
  keys.set(bufnr)
end

---Draws what is undecided, and nothing else.
---@param review aca.Review
function M.all(review)
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
    local path = M.path(review, entry.file)
    if sheet.is_for(entry.file, path) then
      local bufnr = sheet.buffer(review.task, entry.file)
      review.sheets[bufnr] = entry
      take_in(review, bufnr)
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
    take_in(review, bufnr)
    if review.view == 'overlay' then
      review.drawn[bufnr] = overlay.draw(review.proposal, bufnr, entries, #review.entries)
    end
  end
end

return M
