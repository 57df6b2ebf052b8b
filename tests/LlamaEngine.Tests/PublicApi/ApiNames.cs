using System.Reflection;

namespace LlamaEngine.Tests.PublicApi;

/// <summary>Writes types as C# source would, with nullability.</summary>
internal static class ApiNames
{
    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint",
        [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    };

    /// <summary>The type of a property, parameter, field or result.</summary>
    public static string Of(NullabilityInfo info, Type type)
    {
        if (type.IsByRef)
            return Of(info, type.GetElementType()!);
        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";
        if (type.IsArray)
            return Of(info.ElementType!, type.GetElementType()!) + $"[{new string(',', type.GetArrayRank() - 1)}]" + Mark(info, type);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying, info.GenericTypeArguments is [var only] ? only.GenericTypeArguments : info.GenericTypeArguments) + "?";
        return Of(type, info.GenericTypeArguments) + Mark(info, type);
    }

    /// <summary>A type without nullability: a base type, an interface, an exception.</summary>
    public static string Of(Type type)
    {
        if (type.IsArray)
            return $"{Of(type.GetElementType()!)}[]";
        if (type.IsPointer || type.IsByRef)
            return Of(type.GetElementType()!) + (type.IsPointer ? "*" : "");
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Of(underlying) + "?";
        return Of(type, []);
    }

    private static string Of(Type type, NullabilityInfo[] argumentInfos)
    {
        if (s_keywords.TryGetValue(type, out string? keyword))
            return keyword;
        string outer = type.IsNested && !type.IsGenericParameter ? Of(type.DeclaringType!, []) + "." : "";
        Type[] arguments = type.GetGenericArguments();
        if (arguments is [])
            return outer + type.Name;
        // Reflection leaves out what nullability it has nothing to say about.
        IEnumerable<string> names = arguments.Length == argumentInfos.Length
            ? arguments.Zip(argumentInfos, (argument, info) => Of(info, argument))
            : arguments.Select(Of);
        return $"{outer}{type.Name.Split('`')[0]}<{string.Join(", ", names)}>";
    }

    private static string Mark(NullabilityInfo info, Type type) => !type.IsValueType
        && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable) ? "?" : "";
}
