"""A shopping cart. All prices are in cents."""

from dataclasses import dataclass, field


@dataclass
class Cart:
    items: list[tuple[str, int]] = field(default_factory=list)
    discount: int = 0

    def add(self, name: str, cents: int) -> None:
        self.items.append((name, cents))

    def total(self) -> int:
        # TODO: subtract the discount, but never return less than zero
        return sum(cents for _, cents in self.items)


def receipt(cart: Cart) -> str:
    lines = [f"{name}: {cents / 100:.2f}" for name, cents in cart.items]
    lines.append(f"total: {cart.total() / 100:.2f}")
    return "\n".join(lines)
