--- A buffer of its own for a change that is decided as a whole: a new, deleted, renamed or binary file.

local proposals = require('aca.proposals')
local words = require('aca.words')

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('aca.review.sheet')

---@type table<string, fun(file: aca.File): string, string>
local heads = {
  modify = function(file)
    return ('%s is not there any more'):format(file.path), 'AcaDelete'
  end,
  create = function(file)
    return ('New file %s'):format(file.path), 'AcaAdd'
  end,
  delete = function(file)
    return ('%s goes away'):format(file.path), 'AcaDelete'
  end,
  rename = function(file)
    return ('%s becomes %s'):format(file.change.from, file.path), 'AcaAdd'
  end,
  binary = function(file)
    return ('%s gets new content that is not text'):format(file.path), 'AcaAdd'
  end,
  mode = function(file)
    return ('%s %s executable'):format(file.path, file.change.executable and 'becomes' or 'is no longer'), 'AcaAdd'
  end,
  unsupported = function(file)
    return ('%s: %s'):format(file.path, file.change.reason or ''), 'AcaConflict'
  end,
}

---Returns whether a file is shown so, and not in its own buffer.
---@param file aca.File
---@param path string
---@return boolean
function M.is_for(file, path)
  return file.change.kind ~= 'modify' or (vim.fn.bufloaded(path) == 0 and vim.fn.filereadable(path) == 0)
end

---@param task string
---@param file aca.File
---@return string
local function name_of(task, file)
  return ('aca://review/%s/%s/%s'):format(task, file.change.kind, file.path)
end

---Returns the buffer of a change, which is made if need be.
---@param task string
---@param file aca.File
---@return integer
function M.buffer(task, file)
  local bufnr, is_new = require('aca.window').buffer(name_of(task, file))
  if is_new then
    vim.bo[bufnr].modifiable = false
  end
  return bufnr
end

---@param bufnr integer
---@param file aca.File
local function colour(bufnr, file)
  local filetype = vim.filetype.match({ filename = file.path, buf = bufnr })
  local language = filetype and vim.treesitter.language.get_lang(filetype)
  if filetype and not (language and pcall(vim.treesitter.start, bufnr, language)) then
    vim.bo[bufnr].syntax = filetype
  end
end

---Writes what a change is about into its buffer, with its banner above.
---@param proposal aca.Proposal
---@param bufnr integer
---@param entry { file: aca.File, hunk: aca.Hunk, number: integer }
---@param count integer
function M.draw(proposal, bufnr, entry, count)
  local file, hunk = entry.file, entry.hunk
  local head, group = heads[file.change.kind](file)
  local text = proposals.lines(hunk.new ~= '' and hunk.new or hunk.old)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, #text > 0 and text or { '' })
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  colour(bufnr, file)
  vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  local lines = { { { head, 'AcaHeading' } } }
  vim.list_extend(lines, require('aca.review.banner').lines(proposal, entry, count, true, vim.o.columns))
  if proposals.is_conflict(hunk) and hunk.state.live then
    table.insert(lines, { { '    the file says: ' .. words.short(hunk.state.live, 60), 'AcaReason' } })
  end
  vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, 0, 0, { virt_lines = lines, virt_lines_above = true })
  if #text > 0 then
    local over = group == 'AcaDelete' and 'AcaDelete' or 'AcaAdd'
    local options = { end_row = #text, strict = false, hl_group = over, hl_eol = true, priority = 90 }
    vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, 0, 0, options)
  end
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.api.nvim_win_call(window, function()
      if vim.fn.winsaveview().topline == 1 then
        vim.fn.winrestview({ topline = 1, topfill = #lines })
      end
    end)
  end
end

return M
