global using Xunit;
global using LlamaEngine.Tests;
