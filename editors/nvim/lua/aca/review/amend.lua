--- Editing the new text of a hunk, in a small window. Writing it changes the hunk, which is still to be accepted.

local client = require('aca.client')
local proposals = require('aca.proposals')
local review = require('aca.review')
local tasks = require('aca.tasks')
local window = require('aca.window')

local M = {}

local MAX_HEIGHT = 15

---Returns lines as a text of the protocol, with the line ends of the text they come from.
---@param lines string[]
---@param like string
---@return string
local function text_of(lines, like)
  if #lines == 1 and lines[1] == '' then
    return ''
  end
  local line_end = like:find('\r\n', 1, true) and '\r\n' or '\n'
  local is_closed = like == '' or like:sub(-1) == '\n'
  return table.concat(lines, line_end) .. (is_closed and line_end or '')
end

---@param task string
---@param entry aca.Entry
function M.open(task, entry)
  local hunk = entry.hunk
  local lines = proposals.lines(hunk.new)
  local bufnr, is_new = window.buffer(('aca://amend/%s/%s'):format(hunk.id, entry.file.path))
  if not is_new then
    window.show(bufnr)
    return
  end
  vim.cmd('botright split')
  vim.api.nvim_win_set_height(0, math.min(math.max(#lines + 1, 3), MAX_HEIGHT))
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.bo[bufnr].buftype = 'acwrite'
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, #lines > 0 and lines or { '' })
  vim.bo[bufnr].modified = false
  vim.bo[bufnr].syntax = vim.filetype.match({ filename = entry.file.path }) or ''
  vim.wo[0][0].winbar = ' %#AcaBanner#new text of the hunk in '
    .. entry.file.path:gsub('%%', '%%%%')
    .. '  ·  :w takes it, :q! leaves it'
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = bufnr,
    callback = function()
      local server = tasks.client(task)
      if not server then
        return
      end
      local text = text_of(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), hunk.new ~= '' and hunk.new or hunk.old)
      vim.bo[bufnr].modified = false
      review.change(server, 'aca/amend', { task = task, hunk = hunk.id, text = text }, function()
        if vim.api.nvim_buf_is_valid(bufnr) then
          vim.api.nvim_buf_delete(bufnr, { force = true })
        end
      end, function(error)
        if vim.api.nvim_buf_is_valid(bufnr) then
          vim.bo[bufnr].modified = true
        end
        client.warn(error.message)
        return true
      end)
    end,
  })
end

---Brings the agent's own text of a hunk back; a hunk that a person has added goes away.
---@param task string
---@param entry aca.Entry
function M.restore(task, entry)
  local server = tasks.client(task)
  if server then
    local params = { task = task, hunk = entry.hunk.id, text = vim.NIL }
    review.change(server, 'aca/amend', params)
  end
end

return M
