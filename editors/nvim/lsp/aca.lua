---@brief
---
--- The automatic coding agent: TODO comments and selections become reviewed changes, through code actions.
---
--- `aca` must be on your `PATH`; `aca doctor` checks what else it needs.

---@type vim.lsp.Config
return {
  cmd = { 'aca', 'lsp' },
  -- Only files have a workspace: terminals, help and buffers without a name start no server.
  root_dir = function(bufnr, on_dir)
    local file = vim.api.nvim_buf_get_name(bufnr)
    if vim.bo[bufnr].buftype ~= '' or file == '' then
      return
    end
    on_dir(vim.fs.root(bufnr, { 'aca.toml', '.git' }) or vim.fs.dirname(file))
  end,
}
