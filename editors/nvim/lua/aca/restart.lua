--- `:Aca restart`: ends the servers and starts them again for their buffers. Tasks go on: they are the daemon's.

local client = require('aca.client')

local M = {}

--- How long a server may take to end by itself, in milliseconds.
local PATIENCE = 3000
local STEP = 50

---@param ids integer[]
---@return boolean
local function have_ended(ids)
  return not vim.iter(ids):any(function(id)
    local server = vim.lsp.get_client_by_id(id)
    return server ~= nil and not server.rpc.is_closing()
  end)
end

---Starts servers for all buffers, and goes on with the review that was open.
---@param reviewed? string
local function start(reviewed)
  if reviewed then
    vim.api.nvim_create_autocmd('User', {
      pattern = 'AcaAttached',
      callback = function()
        if require('aca.tasks').get(reviewed) then
          require('aca.review').open(reviewed)
          return true
        end
      end,
    })
  end
  vim.lsp.enable('aca')
end

function M.run()
  local open = require('aca.review').state()
  local reviewed = open and open.task
  require('aca.review').close()
  local ids = vim.tbl_map(function(server)
    return server.id
  end, vim.lsp.get_clients({ name = 'aca' }))
  for _, id in ipairs(ids) do
    assert(vim.lsp.get_client_by_id(id)):stop()
  end
  local waited = 0
  local timer = assert(vim.uv.new_timer())
  timer:start(
    0,
    STEP,
    vim.schedule_wrap(function()
      if timer:is_closing() then
        return
      end
      waited = waited + STEP
      if have_ended(ids) then
        timer:close()
        start(reviewed)
        client.say('the server starts again.')
      elseif waited == PATIENCE then
        for _, id in ipairs(ids) do
          local server = vim.lsp.get_client_by_id(id)
          if server then
            server:stop(true)
          end
        end
      end
    end)
  )
end

return M
