//! Calls a component without generated bindings. Arguments and return values are converted between
//! the JSON of the cases and the types that the component declares.

use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value as Json, json};
use wasmtime::Store;
use wasmtime::component::types::Type;
use wasmtime::component::{Component, Instance, InstancePre, Val};

use super::json::{bytes, float, integer, list, number, of_bytes, of_float, text, truth, variant};

/// An instance in its own `wasmtime::Store`.
pub(crate) struct Untyped<T: 'static> {
    component: Component,
    inner: Mutex<(Store<T>, Instance)>,
}

impl<T: 'static> Untyped<T> {
    pub(crate) fn new(pre: &InstancePre<T>, mut store: Store<T>) -> wasmtime::Result<Self> {
        let instance = pre.instantiate(&mut store)?;
        Ok(Self {
            component: pre.component().clone(),
            inner: Mutex::new((store, instance)),
        })
    }

    /// Calls a function of an exported interface. A method takes its resource as `this`.
    pub(crate) fn call(
        &self,
        interface: &str,
        function: &str,
        this: Option<&Val>,
        with: &[Json],
    ) -> Result<Option<(Type, Val)>> {
        let (_, interface) = self
            .component
            .get_export(None, interface)
            .with_context(|| format!("there is no interface {interface}"))?;
        let (_, function) = self
            .component
            .get_export(Some(&interface), function)
            .with_context(|| format!("there is no function {function}"))?;
        let mut inner = self
            .inner
            .lock()
            .expect("no caller panics while it holds the lock");
        let (store, instance) = &mut *inner;
        let function = instance.get_func(&mut *store, function);
        let function = function.context("the export is not a function")?;
        let types = function.ty(&*store);
        let mut arguments: Vec<_> = this.into_iter().cloned().collect();
        let wanted: Vec<_> = types.params().map(|(_, of)| of).collect();
        let wanted = wanted.get(arguments.len()..).unwrap_or_default();
        ensure!(
            wanted.len() == with.len(),
            "the function takes {} arguments",
            wanted.len()
        );
        for (of, json) in wanted.iter().zip(with) {
            arguments.push(to_val(of, json)?);
        }
        let mut results = vec![Val::Bool(false); types.results().len()];
        let called = function.call(&mut *store, &arguments, &mut results);
        called.map_err(|trap| anyhow::Error::from_boxed(trap.into()))?;
        Ok(types.results().next().zip(results.pop()))
    }
}

/// Converts JSON to a value of a type.
fn to_val(of: &Type, json: &Json) -> Result<Val> {
    Ok(match of {
        Type::Bool => Val::Bool(truth(json)?),
        Type::U8 => Val::U8(integer(json)?),
        Type::U32 => Val::U32(integer(json)?),
        Type::U64 => Val::U64(integer(json)?),
        Type::S64 => Val::S64(integer(json)?),
        Type::Float64 => Val::Float64(float(json)?),
        Type::String => Val::String(text(json)?.to_owned()),
        Type::Enum(_) => Val::Enum(text(json)?.to_owned()),
        Type::List(of) if of.ty() == Type::U8 => {
            Val::List(bytes(json)?.into_iter().map(Val::U8).collect())
        }
        Type::List(of) => Val::List(to_vals(list(json)?.iter().map(|json| (of.ty(), json)))?),
        Type::Tuple(of) => Val::Tuple(to_vals(of.types().zip(list(json)?))?),
        Type::Option(_) if json.is_null() => Val::Option(None),
        Type::Option(of) => Val::Option(Some(Box::new(to_val(&of.ty(), json)?))),
        Type::Record(of) => {
            let field = |name: &str, of: &Type| {
                let json = json.get(name).unwrap_or(&Json::Null);
                let val = to_val(of, json).with_context(|| format!("field {name}"))?;
                Ok((name.to_owned(), val))
            };
            let fields = of.fields().map(|part| field(part.name, &part.ty));
            Val::Record(fields.collect::<Result<_>>()?)
        }
        Type::Variant(of) => {
            let (name, held) = variant(json)?;
            let case = of.cases().find(|case| case.name == name);
            let case = case.with_context(|| format!("there is no case {name}"))?;
            let held = case.ty.map(|of| to_val(&of, held)).transpose()?;
            Val::Variant(name.to_owned(), held.map(Box::new))
        }
        _ => bail!("no case has a value of {of:?}"),
    })
}

fn to_vals<'a>(parts: impl Iterator<Item = (Type, &'a Json)>) -> Result<Vec<Val>> {
    parts.map(|(of, json)| to_val(&of, json)).collect()
}

/// A value of a type as JSON.
pub(crate) fn to_json(of: &Type, val: &Val) -> Result<Json> {
    Ok(match (of, val) {
        (_, Val::Bool(truth)) => json!(truth),
        (_, Val::U8(it)) => json!(it),
        (_, Val::U32(it)) => json!(it),
        (_, Val::U64(it)) => number((*it).into()),
        (_, Val::S64(it)) => number((*it).into()),
        (_, Val::Float64(it)) => of_float(*it),
        (_, Val::String(text) | Val::Enum(text)) => json!(text),
        (Type::List(of), Val::List(parts)) if of.ty() == Type::U8 => {
            let byte = |val: &Val| match val {
                Val::U8(byte) => Ok(*byte),
                _ => bail!("a list of bytes holds bytes, not {val:?}"),
            };
            of_bytes(&parts.iter().map(byte).collect::<Result<Vec<_>>>()?)
        }
        (Type::List(of), Val::List(parts)) => to_jsons(parts.iter().map(|part| (of.ty(), part)))?,
        (Type::Tuple(of), Val::Tuple(parts)) => to_jsons(of.types().zip(parts))?,
        (_, Val::Option(None)) => Json::Null,
        (Type::Option(of), Val::Option(Some(held))) => to_json(&of.ty(), held)?,
        (Type::Record(of), Val::Record(fields)) => {
            let fields = of.fields().zip(fields);
            let field = fields.map(|(of, (name, val))| Ok((name.clone(), to_json(&of.ty, val)?)));
            Json::Object(field.collect::<Result<Map<_, _>>>()?)
        }
        (Type::Variant(of), Val::Variant(name, held)) => {
            let case = of.cases().find(|case| case.name == name);
            let of = case.and_then(|case| case.ty);
            match of.zip(held.as_deref()) {
                Some((of, held)) => json!({ name.as_str(): to_json(&of, held)? }),
                None => json!(name),
            }
        }
        _ => bail!("the format has no value such as {val:?}"),
    })
}

fn to_jsons<'a>(parts: impl Iterator<Item = (Type, &'a Val)>) -> Result<Json> {
    let parts = parts.map(|(of, val)| to_json(&of, val));
    parts.collect::<Result<Vec<_>>>().map(Json::from)
}
