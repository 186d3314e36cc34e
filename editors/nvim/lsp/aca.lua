---@brief
---
--- The automatic coding agent: TODO comments and selections become reviewed changes, through code actions.
---
--- `aca` must be on your `PATH`; `aca doctor` checks what else it needs.

---@type vim.lsp.Config
return {
  cmd = { 'aca', 'lsp' },
  root_markers = { 'aca.toml', '.git' },
}
