"""What is a solution and what an empty template, on one line or many, in the eight languages."""

from __future__ import annotations

import time

import pytest

from aiplane.code.rows import Source
from aiplane.code.template import is_template

WRITTEN = {
    "python": [
        "def two_sum(a, t): return next([i, j] for i in range(len(a)) for j in range(i) if a[i] + a[j] == t)",
        "import sys; n = int(input()); print(n * 2)",
        "print(sum(map(int, input().split())))",
        "f = lambda a: sorted(a)",
        "class S: f = staticmethod(lambda a: a)",
        "def hello(): return 'Hello, world'",
        "from math import gcd; print(gcd(*map(int, input().split())))",
        "async def f(x): await g(x)",
        "def f(a: dict[str, int] = {}) -> list[int]: return list(a)",
        "def f(a): x = 1; return x",
        "def f[T](a: T) -> T: return a",
        "class A: pass; x = f(3)",
        "@cache\ndef fib(n): return n if n < 2 else fib(n-1) + fib(n-2)",
        "assert f(3) == 4",
        "with open(0) as f: print(f.read())",
        "def f(a): return 1",
        "def f(a): return a",
        "def solve(s): return s[::-1]",
        "def f(x): return {k: v for k, v in x}",
        "if __name__ == '__main__': print(main())",
        "def f(a):\n    return set(a)",
        "def f(a):\n    return 0 if a else 1",
        "def f(a):\n    return solve()",
        "def f(a):\n    raise ValueError(a)",
    ],
    "javascript": [
        "function f(a) { return a.map(x => x * 2); }",
        "const f = a => a.length;",
        "const f = (a) => { return a + 1 }",
        "module.exports = a => a.sort();",
        "console.log(require('fs').readFileSync(0, 'utf8').split('\\n').length)",
        "const f = function (a) { return a[0] }",
        "class S { twoSum(a) { return a } }",
        "export default (a) => a",
        "import fs from 'fs'; console.log(fs)",
        "async function f(a) { await g(a) }",
        "function* g() { yield 1 }",
        "var f = async (a) => g(a)",
        "let f = ({a, b}) => a + b",
        "function f({a, b}) { return a + b }",
        "function f(a) { if (!a) throw new Error('empty'); }",
        "function f(a) { return new Set(a).size; }",
        "function f(a) { return new Map().set(a, 1); }",
        "function f(a) { throw new Error(g(a)); }",
    ],
    "typescript": [
        "export const f = (a: number[]): number => a.length;",
        "function f(a: number[]): number { return a[0]; }",
        "const f: (a: number) => number = a => a + 1;",
        "class S { f(a: number): number { return a } }",
        "function f<T extends object>(a: T): T { return a; }",
        "function f(a: {x: number}): number { return a.x }",
    ],
    "java": [
        "class Main { public static void main(String[] a) { System.out.println(1); } }",
        "class S { int f(int[] a) { return a.length; } }",
        "public int f(int[] a) { return a[0]; }",
        "@Override public int f(int a) { return a + 1; }",
        "class S { List<Integer> f(List<Integer> a) throws Exception { Collections.sort(a); return a; } }",
        "public class A { static int f(int x) { return x < 2 ? x : f(x - 1) + f(x - 2); } }",
        "class S { int[] f(int a) { return new int[]{a, 2}; } }",
        "class S { int[] f(int n) { return new int[n]; } }",
        "class S { int f(int a) { return new Solver().solve(a); } }",
        "class S { List<Integer> f(Set<Integer> a) { return new ArrayList<>(a); } }",
    ],
    "cpp": [
        "int main() { int n; cin >> n; cout << n * 2; }",
        "using namespace std; int main() { int n; cin >> n; cout << n; }",
        "class S { public: int f(int a) { return a; } };",
        "auto f(int a) -> int { return a + 1; }",
        "int f(vector<int>& a) { return a.size(); }",
        "template <class T> T f(T a) { return a; }",
        "#include <x>\nint f(int a) { return a * 2; }",
        "auto f = [](int a) { return a; };",
        "vector<int> f(int a) { return {a, 1}; }",
        "vector<int> f(int a) { return vector<int>(a, 1); }",
        "vector<int> f() { return vector<int>{1, 2}; }",
        "int f(int a) { return 0 < a; }",
    ],
    "c": [
        "int add(int a,int b){return a+b;}",
        'int main(void){int n;scanf("%d",&n);printf("%d",n);return 0;}',
        '#include <stdio.h>\nint main(){printf("hi");}',
        "char *f(char *s) { return s + 1; }",
        "static int *f(int *a, int n) { a[0] = n; return a; }",
        "void f(int *a) { *a = 1; }",
        "int f(void) { return g(); }",
    ],
    "go": [
        'package main; import "fmt"; func main() { fmt.Println(1) }',
        "func f(a []int) int { return len(a) }",
        "func (s *S) f(a int) (int, error) { return a, nil }",
        "func f(m map[string]interface{}) interface{} { return m }",
        "var f = func(a int) int { return a }",
        "func f() func() int { x := 1; return func() int { return x } }",
        "func f(a int) (int, error) { return a, nil }",
        "func f(n int) []int { return make([]int, n) }",
        "func f(n int) []int { return []int{n} }",
    ],
    "rust": [
        "fn f(a: &[i32]) -> i32 { a.iter().sum() }",
        "pub fn f(a: Vec<i32>) -> usize { a.len() }",
        "impl S { pub fn f(a: i32) -> i32 { a + 1 } }",
        'fn main() { println!("{}", 1); }',
        "fn f<T: Ord>(a: T) -> T where T: Clone { a }",
        "use std::io; fn main() { let x = io::stdin(); }",
        "fn f(a: &dyn Fn(i32) -> i32) -> i32 { a(1) }",
        "fn f(a: i32) -> Vec<i32> { vec![a] }",
        "fn f(a: i32) -> Vec<i32> { Vec::with_capacity(a) }",
        "fn f(a: i32) -> S { S::new(a) }",
        "fn f(a: i32) -> usize { Vec::<i32>::new().len() }",
    ],
}

EMPTY = {
    "python": [
        "",
        "def f(a): pass",
        "def f(a): ...",
        "def f(a: int = 3) -> int:\n    return None",
        "class Solution:\n    def f(self, a: List[int]) -> int:\n        pass",
        "from typing import *\nimport sys, os\n",
        "def f(a): return []",
        "# hi\n\ndef f(a):\n    '''doc'''\n    return -1\n",
        "class A: ...",
        "@cache\ndef f(): pass",
        "def f(a):\n    raise NotImplementedError",
        "def f(a): return ''",
        "def f():  # todo\n    pass",
        "def f(a):\n    raise NotImplementedError('Write it.')",
        "def f(a):\n    raise NotImplementedError()",
        "def f(a):\n    raise Exception('not implemented')",
        "def f(a):\n    return set()",
        "def f(a):\n    return 0.0",
        "def f(a):\n    return None, []",
        "def f(a,\n",
    ],
    "javascript": [
        "function f(a) {\n}",
        "function f(a) {}",
        "const f = (a) => {\n};",
        "const f = function (a) { return null; }",
        "class S { twoSum(a) { } }",
        "/** x */\nvar f = function(a) {\n    \n};",
        "export default function f(a) { return; }",
        "import fs from 'fs';\nconst x = require('x');",
        "function f({a, b}) {\n}",
        "async function f() { return undefined }",
        "function f(a) {\n  throw new Error('not implemented');\n}",
        "const f = (a) => { throw new Error() }",
        "function f(a) { throw 'todo'; }",
        "function f(a) { return new Map(); }",
    ],
    "typescript": [
        "function f(a: number[]): number {\n}",
        "export const f = (a: number): number => {\n}",
        "class S { f(a: number): number { return 0 } }",
        "function f<T>(a: T): Array<T> { return []; }",
        'function f(a: number[]): number {\n  throw new Error("not implemented");\n}',
        "function f(a: number): Map<string, number[]> {\n  return new Map<string, number[]>();\n}",
        "class S {\n  f(): Set<number> { throw new Error(`Write it`); }\n}",
    ],
    "java": [
        "class Solution {\n    public int[] f(int[] a, int b) {\n        \n    }\n}",
        "import java.util.*;\nclass A { int f() { return 0; } }",
        "public class Main { public static void main(String[] args) { } }",
        "class S { List<Integer> f(Map<String, Integer> a) throws IOException { return null; } }",
        '@Override\npublic String f() { return ""; }',
        "class A extends B implements C {\n}",
        "class S {\n  int[] f(int[] a) {\n    return new int[0];\n  }\n}",
        "class S { int[][] f() { return new int[0][0]; } }",
        "class S { int[] f() { return new int[]{}; } }",
        "class S { List<Integer> f() { return new ArrayList<>(); } }",
        "class S { Map<String, List<Integer>> f() { return new HashMap<String, List<Integer>>(); } }",
        'class S {\n  int f() {\n    throw new UnsupportedOperationException("Not implemented yet");\n  }\n}',
        "class S { double f() { return 0.0; } }",
    ],
    "cpp": [
        "class Solution {\npublic:\n    vector<int> f(vector<int>& a, int b) {\n        \n    }\n};",
        "#include <x>\nusing namespace std;\nint main() {\n    return 0;\n}",
        "int main() { }",
        "auto f(int a) -> int { return 0; }",
        "class A : public B {\n};",
        "const string& f(const string& s) const {\n}",
        "vector<int> f(vector<int>& a) {\n    return {};\n}",
        "vector<int> f(vector<int>& a) { return vector<int>(); }",
        "std::map<int, std::vector<int>> f() { return std::map<int, std::vector<int>>{}; }",
        'int f(int a) {\n    throw std::logic_error("not implemented");\n}',
        'int f(int a) { throw runtime_error{"todo"}; }',
        "std::string f() { return std::string(); }",
        "double f() { return 0.0; }",
    ],
    "c": [
        "int* f(int* a, int n, int* r) {\n    \n}",
        "#include <stdio.h>\nint main(void) { return 0; }",
        "char *f(const char *s)\n{\n  return NULL;\n}",
    ],
    "go": [
        'package main\nimport "fmt"\nfunc f(a []int) []int {\n    \n}',
        "func f(a int) (int, error) { return nil }",
        'func f(a []int) int {\n\tpanic("not implemented")\n}',
        "func f(a []int) ([]int, error) {\n\treturn nil, nil\n}",
        "func f(a []int) []int { return []int{} }",
        "func f(a []int) map[string]int { return map[string]int{} }",
        "func f(a []int) []int { return make([]int, 0) }",
        'package main\nimport (\n  "fmt"\n)\nfunc main() {}',
    ],
    "rust": [
        "impl Solution {\n    pub fn f(a: Vec<i32>, b: i32) -> Vec<i32> {\n        \n    }\n}",
        "fn f() -> i32 { todo!() }",
        "fn f() -> i32 {\n    unimplemented!()\n}",
        'fn f() -> i32 {\n    unimplemented!("later");\n}',
        'fn f() -> i32 { panic!("not implemented") }',
        "fn f(a: Vec<i32>) -> Vec<i32> {\n    Vec::new()\n}",
        "fn f(a: Vec<i32>) -> Vec<i32> {\n    vec![]\n}",
        "fn f() -> Option<i32> {\n    None\n}",
        "fn f() -> HashMap<i32, i32> { HashMap::<i32, i32>::new() }",
        "use std::collections::{HashMap, HashSet};\nfn main() {}",
        "#[derive(Debug)] struct P;\nfn f<T: Ord>(a: &[T]) -> Option<T> where T: Clone {\n}",
    ],
}


def cases(codes: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, code) for language, listed in codes.items() for code in listed]


@pytest.mark.parametrize(("language", "code"), cases(WRITTEN))
def test_a_line_that_does_something_is_a_solution(language: str, code: str) -> None:
    assert not Source(code, language, None).is_empty


@pytest.mark.parametrize(("language", "code"), cases(EMPTY))
def test_a_template_is_none(language: str, code: str) -> None:
    assert Source(code, language, None).is_empty


@pytest.mark.parametrize(
    "code", ["def f(a) a + 1 end", "function f(a) return a end", "fun f(a: Int) = a + 1"]
)
def test_other_languages_have_one_liners_too(code: str) -> None:
    assert not Source(code, "another", None).is_empty


@pytest.mark.parametrize(
    "text",
    [
        "def f(" * 66,
        "(" * 400,
        "a " * 200,
        "a<a " * 100,
        "fn " + "a:" * 198,
        "f((((" + "a" * 390,
        "import " * 57,
        "class A" + " :a" * 130,
        "const a = (" + "(a)" * 130,
        "pub(a) " * 57,
        "@a" + "()" * 190,
        "int " * 99 + "f(",
        "return new A" + "<a" * 190,
        "return " + "0, " * 130 + "x",
        "return A<" + "<a>" * 120,
        "A<" * 200,
        "new a[]" + "[]" * 190,
        "return 0" + " " * 390 + "x",
        "A::" * 130,
    ],
)
def test_no_line_costs_much(text: str) -> None:
    started = time.process_time()

    is_template(text[:400])

    assert time.process_time() - started < 0.1
