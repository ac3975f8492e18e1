//! Composition of the provider into an application.

use std::borrow::Cow;
use std::collections::HashSet;
use std::error::Error;

use wac_graph::types::{ItemKind, Package, SubtypeChecker};
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

use super::PROVIDER;
use super::interfaces::Interfaces;
use super::unsupported::{Reason, UnsupportedInterface};

/// The reason why an application cannot use the cache as its `wasi:keyvalue`.
#[derive(Debug, thiserror::Error)]
pub enum AdaptError {
    /// The bytes are not a component, or not one that this version understands.
    #[error("cannot read the application")]
    NotAComponent(#[source] Box<dyn Error + Send + Sync>),
    /// It needs more than `store` and `batch`.
    #[error("{}", list(.0))]
    Unsupported(Vec<UnsupportedInterface>),
    /// The library was built without the adapters.
    #[error("this build has no adapter for wasi:keyvalue")]
    NotBuilt,
    /// The two components cannot be composed.
    #[error("cannot compose the adapter into the application")]
    Compose(#[source] Box<dyn Error + Send + Sync>),
}

/// Composes [`PROVIDER`] into an application that imports `store` or `batch` of `wasi:keyvalue`, of
/// either draft. Returns an application without such imports as it is.
///
/// The result imports `flipcache:cache/cache` and the other imports of the application, and has the
/// same exports.
///
/// # Errors
///
/// [`AdaptError::Unsupported`] with the other interfaces of `wasi:keyvalue` that the application
/// uses, above all `atomics` and `watcher`.
pub fn adapt(application: &[u8]) -> Result<Cow<'_, [u8]>, AdaptError> {
    let interfaces = Interfaces::of(application).map_err(AdaptError::NotAComponent)?;
    if interfaces.is_empty() {
        return Ok(Cow::Borrowed(application));
    }
    if PROVIDER.is_empty() {
        return Err(AdaptError::NotBuilt);
    }
    let mut graph = CompositionGraph::new();
    let application = register(&mut graph, "flipcache:application", application)
        .map_err(AdaptError::NotAComponent)?;
    let provider = register(&mut graph, "flipcache:wasi-keyvalue-provider", PROVIDER)
        .map_err(AdaptError::Compose)?;
    let unfit = |name: &String| unfit(&graph, application, provider, name);
    let unfit = interfaces.imports.iter().filter_map(unfit);
    let called = interfaces
        .exports
        .iter()
        .map(|name| unsupported(name, Reason::NeverCalled));
    let unsupported: Vec<UnsupportedInterface> = unfit.chain(called).collect();
    if !unsupported.is_empty() {
        return Err(AdaptError::Unsupported(unsupported));
    }
    let composed = compose(graph, application, provider, &interfaces.imports);
    composed.map(Cow::Owned).map_err(AdaptError::Compose)
}

fn register(
    graph: &mut CompositionGraph,
    name: &str,
    bytes: &[u8],
) -> Result<PackageId, Box<dyn Error + Send + Sync>> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}

/// Returns the reason why the provider does not serve an import, if there is one.
fn unfit(
    graph: &CompositionGraph,
    application: PackageId,
    provider: PackageId,
    name: &str,
) -> Option<UnsupportedInterface> {
    let types = graph.types();
    let import: ItemKind = *types[graph[application].ty()].imports.get(name)?;
    let Some(export) = types[graph[provider].ty()].exports.get(name) else {
        return Some(unsupported(name, Reason::Unknown));
    };
    let mut seen = HashSet::new();
    let checked = SubtypeChecker::new(&mut seen).is_subtype(*export, types, import, types);
    let error = checked.err()?;
    let reason = Reason::IncompatibleType(format!("{error:#}"));
    Some(unsupported(name, reason))
}

fn unsupported(interface: &str, reason: Reason) -> UnsupportedInterface {
    UnsupportedInterface {
        interface: interface.to_owned(),
        reason,
    }
}

/// Returns the application with these imports served by the provider.
fn compose(
    mut graph: CompositionGraph,
    application: PackageId,
    provider: PackageId,
    imports: &[String],
) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let served = graph.instantiate(provider);
    let instance = graph.instantiate(application);
    for name in imports {
        let export = graph.alias_instance_export(served, name)?;
        graph.set_instantiation_argument(instance, name, export)?;
    }
    let exports = &graph.types()[graph[application].ty()].exports;
    let exports: Vec<String> = exports.keys().cloned().collect();
    for name in exports {
        let export = graph.alias_instance_export(instance, &name)?;
        graph.export(export, &name)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

fn list(unsupported: &[UnsupportedInterface]) -> String {
    let unsupported: Vec<String> = unsupported
        .iter()
        .map(UnsupportedInterface::to_string)
        .collect();
    unsupported.join("; ")
}
