"""Comprehensions, generators and assignment expressions, nested and in classes."""

data = [[1, 2], [3, 4]]
flat = [cell for row in data for cell in row if cell % 2 if cell > 1]
pairs = {(a, b) for a in flat for b in flat if a != b}
table = {str(k): v for k, v in zip("ab", flat)}
lazy = (x * y for x in range(3) for y in range(x))
nested = [[cell + 1 for cell in row] for row in data]
first = next((x for x in flat if x), None)
total = sum(x for x in flat)
named = [last := x for x in flat]
print([y := 1, y ** 2], last)
if any((found := cell) > 3 for row in data for cell in row):
    print(found)


def inside(values, limit=3):
    kept = [value for value in values if (doubled := value * 2) < limit]
    groups = {key: [v for v in values if v % 2 == key] for key in range(2)}
    return kept, doubled, groups, lambda: [limit for _ in values]


class Holder:
    size = 3
    items = [i for i in range(size)]
    squares = {i: i * i for i in items}

    def method(self):
        return [self.items[i] for i in range(self.size)]


result = [
    (a, b)
    for a, *b in [(1, 2, 3)]
    if a
]
text = "".join(
    f"{c}-{i}"
    for i, c in enumerate("abc")
)
print(x[1:2, ::3, ...] for x in [data])
