--- What begins when a server is attached, and what ends with it.

local M = {}

---@type table<integer, true> servers whose tasks were asked for
local seen = {}

---@param id integer
---@return boolean
local function is_ours(id)
  local client = vim.lsp.get_client_by_id(id)
  return client ~= nil and client.name == 'aca'
end

---Calls `ended` once a server has ended, and not where it only left a buffer.
---@param id integer
local function check_end(id)
  local client = vim.lsp.get_client_by_id(id)
  if seen[id] and (not client or client:is_stopped()) then
    seen[id] = nil
    require('aca.tasks').forget(id)
    require('aca.review').server_ended(id)
  end
end

function M.register()
  local group = vim.api.nvim_create_augroup('aca', {})
  vim.api.nvim_create_autocmd('LspAttach', {
    group = group,
    callback = function(event)
      local id = event.data.client_id
      if not is_ours(id) then
        return
      end
      require('aca.lenses').attach(event.buf)
      if not seen[id] then
        seen[id] = true
        local client = assert(vim.lsp.get_client_by_id(id))
        require('aca.tasks').load(client, function()
          require('aca.tasks').emit('AcaAttached', { client_id = id })
        end)
      end
    end,
  })
  vim.api.nvim_create_autocmd('LspDetach', {
    group = group,
    callback = function(event)
      vim.schedule(function()
        check_end(event.data.client_id)
      end)
    end,
  })
  vim.api.nvim_create_autocmd('ColorScheme', {
    group = group,
    callback = function()
      require('aca.highlights').define()
    end,
  })
end

return M
