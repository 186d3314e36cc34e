--- A buffer with the tasks of all attached servers, by workspace. It is live, and keys act on the task at the cursor.

local ask = require('aca.ask')
local client = require('aca.client')
local tasks = require('aca.tasks')
local window = require('aca.window')
local words = require('aca.words')

local M = {}

local NAME = 'aca://tasks'
local NAMESPACE = vim.api.nvim_create_namespace('aca.tree')
--- How often clocks move, in milliseconds.
local TICK = 1000

---@type { bufnr: integer, rows: table<integer, string>, timer: uv.uv_timer_t }?
local tree

---@alias aca.Chunk { [1]: string, [2]?: string }

---@param task aca.Task
---@return aca.Chunk[]
local function line_of(task)
  local sign, group, state = words.state(task)
  local cost = words.cost(task.usage.costMicros)
  return {
    { '  ' .. sign .. ' ', group },
    { words.short(task.title, 50) },
    { '  ' .. state, group },
    { cost ~= '' and '  ' .. cost or '', 'AcaCost' },
  }
end

---@return aca.Chunk[][] lines, table<integer, string> rows
local function content()
  local lines, rows = {}, {}
  local workspaces, by_workspace = {}, {}
  for _, task in ipairs(tasks.all()) do
    if not by_workspace[task.workspace] then
      by_workspace[task.workspace] = {}
      table.insert(workspaces, task.workspace)
    end
    table.insert(by_workspace[task.workspace], task)
  end
  for _, workspace in ipairs(workspaces) do
    local of = by_workspace[workspace]
    local total = 0
    for _, task in ipairs(of) do
      total = total + task.usage.costMicros
    end
    table.insert(lines, {
      { vim.fn.fnamemodify(workspace, ':~'), 'AcaWorkspace' },
      { '  ' .. words.count(#of, 'task'), 'AcaDone' },
      { total > 0 and '  ' .. words.cost(total) or '', 'AcaCost' },
    })
    for index = #of, 1, -1 do
      table.insert(lines, line_of(of[index]))
      rows[#lines] = of[index].id
    end
  end
  if #lines == 0 then
    lines = { { { 'There is no task yet. `:Aca do` on a TODO, or `:Aca run {text}`, makes one.', 'AcaDone' } } }
  end
  return lines, rows
end

local function draw()
  if not tree or not vim.api.nvim_buf_is_loaded(tree.bufnr) then
    return
  end
  local lines, rows = content()
  -- Cursors stay at their tasks, not at their lines.
  local views = {}
  for _, win in ipairs(vim.fn.win_findbuf(tree.bufnr)) do
    views[win] = tree.rows[vim.api.nvim_win_get_cursor(win)[1]]
  end
  local texts = vim.tbl_map(function(chunks)
    return table.concat(vim.tbl_map(function(chunk)
      return chunk[1]
    end, chunks))
  end, lines)
  window.write(tree.bufnr, 0, -1, texts)
  tree.rows = rows
  vim.api.nvim_buf_clear_namespace(tree.bufnr, NAMESPACE, 0, -1)
  for row, chunks in ipairs(lines) do
    local at = 0
    for _, chunk in ipairs(chunks) do
      if chunk[2] then
        local span = { end_col = at + #chunk[1], hl_group = chunk[2] }
        vim.api.nvim_buf_set_extmark(tree.bufnr, NAMESPACE, row - 1, at, span)
      end
      at = at + #chunk[1]
    end
  end
  for win, id in pairs(views) do
    for row, other in pairs(rows) do
      if other == id then
        vim.api.nvim_win_set_cursor(win, { row, 0 })
      end
    end
  end
end

---Returns the task under the cursor of this buffer.
---@return aca.Task?
function M.current()
  if tree and vim.api.nvim_get_current_buf() == tree.bufnr then
    local id = tree.rows[vim.api.nvim_win_get_cursor(0)[1]]
    return id and tasks.get(id)
  end
end

---@param task aca.Task
local function open(task)
  if task.state.name == 'ready' then
    require('aca.review').open(task.id)
  else
    require('aca.transcript').open(task.id)
  end
end

---@param task aca.Task
local function pause_or_resume(task)
  if task.state.name == 'paused' then
    ask.resume(task.id)
  else
    ask.pause(task.id)
  end
end

---@type { [1]: string, [2]: string, [3]: fun(task: aca.Task) }[]
local KEYS = {
  { '<CR>', 'review, or transcript', open },
  {
    't',
    'transcript',
    function(task)
      require('aca.transcript').open(task.id)
    end,
  },
  {
    's',
    'stop',
    function(task)
      ask.stop(task.id)
    end,
  },
  { 'p', 'pause or resume', pause_or_resume },
  {
    'c',
    'continue',
    function(task)
      ask.recover(task.id)
    end,
  },
  {
    'm',
    'tell it something',
    function(task)
      ask.tell(task.id)
    end,
  },
  {
    'r',
    'send back',
    function(task)
      ask.send_back(task.id)
    end,
  },
  {
    'C',
    'check',
    function(task)
      ask.check(task.id)
    end,
  },
}

---@param bufnr integer
local function set_keys(bufnr)
  for _, key in ipairs(KEYS) do
    vim.keymap.set('n', key[1], function()
      local task = M.current()
      if task then
        key[3](task)
      else
        client.say('there is no task on this line.')
      end
    end, { buffer = bufnr, nowait = true, desc = 'aca: ' .. key[2] })
  end
end

---@param bufnr integer
local function follow(bufnr)
  local group = vim.api.nvim_create_augroup('aca.tree', {})
  local function on(event, pattern, callback)
    vim.api.nvim_create_autocmd(event, { group = group, pattern = pattern, callback = callback })
  end
  on('User', 'AcaTaskChanged', draw)
  on('ColorScheme', '*', draw)
  local timer = assert(vim.uv.new_timer())
  timer:start(
    TICK,
    TICK,
    vim.schedule_wrap(function()
      if vim.iter(tasks.all()):any(words.is_working) then
        draw()
      end
    end)
  )
  tree = { bufnr = bufnr, rows = {}, timer = timer }
  vim.api.nvim_create_autocmd('BufWipeout', {
    group = group,
    buffer = bufnr,
    callback = function()
      timer:stop()
      timer:close()
      tree = nil
      vim.api.nvim_del_augroup_by_id(group)
    end,
  })
end

---Opens the buffer, or goes to it.
function M.open()
  local bufnr, is_new = window.scratch(NAME, { filetype = 'acatasks', height = 12 })
  vim.wo[0][0].wrap = false
  vim.wo[0][0].cursorline = true
  vim.wo[0][0].winbar =
    '%#AcaBanner# <CR> open  t transcript  s stop  p pause  c continue  m tell  r send back  C check  q close'
  if is_new then
    set_keys(bufnr)
    follow(bufnr)
    draw()
    vim.api.nvim_win_set_cursor(0, { math.min(2, vim.api.nvim_buf_line_count(bufnr)), 0 })
  end
end

return M
