--- Windows and buffers of the plugin's own.

local M = {}

---@param window integer
---@return boolean
local function is_for_files(window)
  local bufnr = vim.api.nvim_win_get_buf(window)
  return vim.bo[bufnr].buftype == '' and vim.api.nvim_win_get_config(window).relative == ''
end

---Goes to a window that may show a file: this one, another one of the tab, or a new one.
local function go_to_files()
  local current = vim.api.nvim_get_current_win()
  local is_review = vim.startswith(vim.api.nvim_buf_get_name(0), 'aca://review/')
  if is_for_files(current) or is_review then
    return
  end
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if is_for_files(window) then
      vim.api.nvim_set_current_win(window)
      return
    end
  end
  vim.cmd('topleft new')
end

---Shows a buffer, in the window of this tab that has it already if there is one.
---@param bufnr integer
function M.show(bufnr)
  local window = vim.fn.bufwinid(bufnr)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
    return
  end
  go_to_files()
  vim.cmd("normal! m'")
  vim.cmd.buffer(bufnr)
end

---Returns the buffer of a file, loaded or not.
---@param path string
---@return integer
function M.file(path)
  local bufnr = vim.fn.bufadd(path)
  vim.bo[bufnr].buflisted = true
  return bufnr
end

---Returns the loaded buffer of a file, if there is one.
---@param path string
---@return integer?
function M.loaded(path)
  if vim.fn.bufloaded(path) == 1 then
    return vim.fn.bufadd(path)
  end
end

---Returns the buffer of that name, which is made if need be. It is no file, and no autocommand takes it for one.
---@param name string
---@return integer bufnr, boolean is_new
function M.buffer(name)
  if vim.fn.bufexists(name) == 1 then
    return vim.fn.bufadd(name), false
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  return bufnr, true
end

---Opens a buffer that belongs to no file in a split of its own, or goes to it.
---@param name string
---@param options { split?: string, filetype?: string, height?: integer }
---@return integer bufnr, boolean is_new
function M.scratch(name, options)
  local bufnr, is_new = M.buffer(name)
  local window = vim.fn.bufwinid(bufnr)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(options.split or 'botright split')
    vim.cmd.buffer(bufnr)
    vim.wo[0][0].number = false
    vim.wo[0][0].relativenumber = false
    vim.wo[0][0].signcolumn = 'no'
    if options.height then
      vim.api.nvim_win_set_height(0, options.height)
    end
  end
  if is_new then
    vim.bo[bufnr].bufhidden = 'wipe'
    vim.bo[bufnr].modifiable = false
    vim.bo[bufnr].filetype = options.filetype or ''
    vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, nowait = true, desc = 'aca: close' })
  end
  return bufnr, is_new
end

---Replaces lines of a buffer that cannot be changed by hand.
---@param bufnr integer
---@param first integer
---@param last integer
---@param lines string[]
function M.write(bufnr, first, last, lines)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, first, last, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---Removes a buffer; its windows show what they showed before.
---@param bufnr integer
function M.drop(bufnr)
  if not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.api.nvim_win_call(window, function()
      local before = vim.fn.bufnr('#')
      if before > 0 and before ~= bufnr and vim.fn.buflisted(before) == 1 then
        vim.cmd.buffer(before)
      else
        vim.cmd.enew()
      end
    end)
  end
  vim.api.nvim_buf_delete(bufnr, { force = true })
end

---Shows text in a split.
---@param name string
---@param lines string[]
function M.text(name, lines)
  local bufnr = M.scratch(name, { height = math.min(#lines + 1, 20) })
  M.write(bufnr, 0, -1, lines)
end

return M
