//! Code that is in the page and that nothing ever calls.
//!
//! Leptos can take a page over from the server step by step, as its parts
//! arrive. We never do: what the page shows is there when it is drawn
//! (docs/decisions.md). But each `AnyView` carries a pointer to the function
//! that would, and with it a second copy of the code that takes over its
//! content, which neither the compiler nor the linker can know to be of no
//! use. Without it the page is 6 % smaller, and a chunk up to 25 %.

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Context, Result};
use wasm_encoder::{CustomSection, Encode, Module, RawSection};
use wasmparser::{KnownCustom, Name, Parser, Payload, RelocSectionReader, TypeRef};

/// How the symbol of such a function ends, before its hash: that of
/// `<T as tachys::view::any_view::IntoAny>::into_any::hydrate_async`.
const NEVER_CALLED: &str = "8into_any13hydrate_async17h";

/// The program as the linker left it, with such functions empty: whoever
/// called one would be stopped at once.
///
/// Only the functions that the pointers lead to are emptied. What they alone
/// call is left for the splitter and wasm-bindgen, which leave out what
/// nothing reaches.
pub(crate) fn empty(mut wasm: Vec<u8>) -> Result<Vec<u8>> {
    let program = Program::read(&wasm).context("the linker's output cannot be read")?;
    let emptied: Vec<_> = program
        .bodies
        .iter()
        .enumerate()
        .filter(|(at, _)| program.never_called.contains(&(program.imported + at)))
        .map(|(_, body)| body.clone())
        .collect();
    for body in &emptied {
        fill(&mut wasm[body.clone()]);
    }
    without_relocations(&wasm, &emptied, program.code)
}

/// Makes a function of the same length: no locals, a trap, and nothing more.
fn fill(body: &mut [u8]) {
    const UNREACHABLE: u8 = 0x00;
    const NOP: u8 = 0x01;
    const END: u8 = 0x0b;
    if let [locals, first, rest @ .., end] = body {
        *locals = 0;
        *first = UNREACHABLE;
        rest.fill(NOP);
        *end = END;
    }
}

/// The program without what the linker noted about places in these bodies.
fn without_relocations(wasm: &[u8], emptied: &[Range<usize>], code: usize) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && let KnownCustom::Reloc(relocations) = section.as_known()
            && section.name() == "reloc.CODE"
        {
            let data = kept(relocations, wasm, emptied, code)?;
            module.section(&CustomSection {
                name: section.name().into(),
                data: data.into(),
            });
        } else if let Some((id, range)) = payload.as_section() {
            let data = &wasm[range_of(range)?];
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

fn kept(
    relocations: RelocSectionReader<'_>,
    wasm: &[u8],
    emptied: &[Range<usize>],
    code: usize,
) -> Result<Vec<u8>> {
    let end = range_of(relocations.range())?.end;
    let entries: Vec<_> = relocations
        .entries()
        .into_iter_with_offsets()
        .collect::<Result<_, _>>()?;
    let mut count = 0_u32;
    let mut bytes = Vec::<u8>::new();
    for (at, (begin, entry)) in entries.iter().enumerate() {
        let place = code + usize::try_from(entry.offset)?;
        if emptied.iter().any(|body| body.contains(&place)) {
            continue;
        }
        let next = entries.get(at + 1).map(|(next, _)| usize::try_from(*next));
        bytes.extend(&wasm[usize::try_from(*begin)?..next.transpose()?.unwrap_or(end)]);
        count += 1;
    }
    let mut data = Vec::new();
    relocations.section_index().encode(&mut data);
    count.encode(&mut data);
    data.extend(bytes);
    Ok(data)
}

/// Where what is of interest here lies in a program.
#[derive(Default)]
struct Program {
    /// How many functions are imported; they are numbered before the others.
    imported: usize,
    /// The numbers of the functions never called.
    never_called: BTreeSet<usize>,
    /// Where the content of the code section begins.
    code: usize,
    bodies: Vec<Range<usize>>,
}

impl Program {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut program = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_));
                        program.imported += usize::from(is_function);
                    }
                }
                Payload::CodeSectionStart { range, .. } => program.code = range_of(range)?.start,
                Payload::CodeSectionEntry(body) => program.bodies.push(range_of(body.range())?),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        program.find_names(names)?;
                    }
                }
                _ => {}
            }
        }
        Ok(program)
    }

    fn find_names(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<()> {
        for part in names {
            if let Name::Function(functions) = part? {
                for function in functions {
                    let function = function?;
                    if is_never_called(function.name) {
                        self.never_called.insert(usize::try_from(function.index)?);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a symbol is one of those functions, and not of what is inside it.
fn is_never_called(symbol: &str) -> bool {
    let hash = symbol.split_once(NEVER_CALLED).map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 17 && hash.ends_with('E'))
}

fn range_of(range: Range<u64>) -> Result<Range<usize>> {
    Ok(usize::try_from(range.start)?..usize::try_from(range.end)?)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, EntityType, Function, FunctionSection, ImportSection, NameMap, NameSection,
        TypeSection,
    };

    use super::*;

    const POINTED_AT: &str = "_ZN53_x8into_any13hydrate_async17h0123456789abcdefE";
    const INSIDE: &str = "_ZN53_x8into_any13hydrate_async28_closure17h0123456789abcdefE";

    /// One imported function, and below it one for each name that calls it;
    /// the linker's note about each call stands in `reloc.CODE`.
    fn program(names: &[&str]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("env", "imported", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        let mut map = NameMap::new();
        map.append(0, POINTED_AT);
        // The kind of section, and how many notes follow.
        let mut relocations = vec![3, names.len() as u8];
        for (at, name) in (0_u8..).zip(names) {
            functions.function(0);
            let mut function = Function::new([]);
            function.instructions().call(0).end();
            code.function(&function);
            map.append(u32::from(at) + 1, name);
            // A function's number, at this place in the section, symbol 0.
            relocations.extend([0, 1 + 5 * at + 3, 0]);
        }
        let mut notes = NameSection::new();
        notes.functions(&map);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions);
        module.section(&code).section(&notes);
        module.section(&CustomSection {
            name: "reloc.CODE".into(),
            data: relocations.into(),
        });
        module.finish()
    }

    fn relocation_places(wasm: &[u8]) -> Vec<u32> {
        let mut places = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::CustomSection(section) = payload.unwrap()
                && let KnownCustom::Reloc(relocations) = section.as_known()
            {
                let entries = relocations.entries().into_iter();
                places.extend(entries.map(|entry| entry.unwrap().offset));
            }
        }
        places
    }

    #[test]
    fn only_what_the_pointers_lead_to_is_emptied() {
        let before = program(&["first", POINTED_AT, INSIDE, "last"]);
        let after = empty(before.clone()).unwrap();
        let bodies = |wasm: &[u8]| {
            let bodies = Program::read(wasm).unwrap().bodies;
            bodies
                .into_iter()
                .map(|body| wasm[body].to_vec())
                .collect::<Vec<_>>()
        };
        let mut expected = bodies(&before);
        expected[1] = vec![0x00, 0x00, 0x01, 0x0b];
        assert_eq!(bodies(&after), expected);
        wasmparser::validate(&after).unwrap();

        assert_eq!(relocation_places(&before), [4, 9, 14, 19]);
        assert_eq!(relocation_places(&after), [4, 14, 19]);
    }

    #[test]
    fn a_program_without_them_stays_as_it_is() {
        let program = program(&["first", "last"]);
        assert_eq!(empty(program.clone()).unwrap(), program);
    }
}
