-- What the plugin adds to lsp/aca.lua: the handshake, `:Aca`, and maps by name. The rest is loaded when it is used.

if vim.g.loaded_aca then
  return
end
vim.g.loaded_aca = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('aca needs Neovim 0.11 or later.', vim.log.levels.ERROR)
  return
end

vim.lsp.config('aca', require('aca.handshake').config())
require('aca.highlights').define()
require('aca.attach').register()

vim.api.nvim_create_user_command('Aca', function(opts)
  require('aca.command').run(opts)
end, {
  nargs = '*',
  range = true,
  desc = 'The automatic coding agent; :help :Aca',
  complete = function(lead, line)
    return require('aca.command').complete(lead, line)
  end,
})

---@type table<string, fun()>
local maps = {
  ['do'] = function()
    require('aca.start').todo()
  end,
  tasks = function()
    require('aca.tree').open()
  end,
  transcript = function()
    require('aca.command').run({ fargs = { 'transcript' } })
  end,
  review = function()
    require('aca.command').run({ fargs = { 'review' } })
  end,
  quickfix = function()
    require('aca.quickfix').open()
  end,
}
for _, name in ipairs(require('aca.review.keys').names) do
  maps[name:gsub('_', '-')] = function()
    require('aca.review.act')[name]()
  end
end
for name, act in pairs(maps) do
  vim.keymap.set('n', ('<Plug>(aca-%s)'):format(name), act, { desc = 'aca: ' .. name })
end
vim.keymap.set('x', '<Plug>(aca-do)', ':Aca do<CR>', { desc = 'aca: do the selection' })
