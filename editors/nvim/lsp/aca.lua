---@brief
---
--- The automatic coding agent: TODO comments and selections become reviewed changes, through code actions.
---
--- `aca` must be on your `PATH`; `aca doctor` checks what else it needs.

---@type vim.lsp.Config
return {
  cmd = { 'aca', 'lsp' },
  -- Terminals, help, buffers without a name and what has a scheme start no server. A file outside any project gets one
  -- without a folder: the directory that it happens to lie in could be a whole home directory.
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.bo[bufnr].buftype == '' and name ~= '' and not name:find('^%a[%w+.-]+://') then
      on_dir(vim.fs.root(bufnr, { 'aca.toml', '.git' }))
    end
  end,
}
