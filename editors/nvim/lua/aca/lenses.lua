--- Keeps code lenses up to date: when the server says so, and after a buffer was left or entered.

local handshake = require('aca.handshake')

local M = {}

---@return boolean
local function is_wanted()
  return require('aca.config').current.lenses
end

--- Asks for a buffer's lenses. Neovim 0.11's own `refresh` drops a wish while one is under way, and forever after one
--- that was never answered, so the request is made here.
---@param bufnr integer
function M.refresh(bufnr)
  if handshake.neovim_keeps_lenses() or not is_wanted() then
    return
  end
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = bufnr, name = 'aca' })) do
    local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
    client:request('textDocument/codeLens', params, vim.lsp.codelens.on_codelens, bufnr)
  end
end

---@type lsp.Handler
function M.on_refresh(_, _, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  for bufnr in pairs(client and client.attached_buffers or {}) do
    M.refresh(bufnr)
  end
  return vim.NIL
end

---Follows a buffer that a server was attached to.
---@param bufnr integer
function M.attach(bufnr)
  if not is_wanted() then
    return
  end
  if handshake.neovim_keeps_lenses() then
    vim.lsp.codelens.enable(true, { bufnr = bufnr })
    return
  end
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged', 'BufWritePost' }, {
    group = vim.api.nvim_create_augroup('aca.lenses.' .. bufnr, {}),
    buffer = bufnr,
    callback = function()
      M.refresh(bufnr)
    end,
  })
  M.refresh(bufnr)
end

return M
