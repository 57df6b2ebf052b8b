using System.Globalization;
using System.Reflection;
using System.Text;

namespace LlamaEngine.Tests.PublicApi;

/// <summary>Lists what an assembly shows to its users: types and members, one a line, in an order that does not change.</summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The listing of an assembly.</summary>
    public static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Declaration(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
                text.Append("    ").Append(member).Append('\n');
            text.Append('\n');
        }
        return text.ToString();
    }

    private static string Declaration(Type type)
    {
        string name = $"{type.Namespace}.{ApiNames.Of(type)}";
        if (type.BaseType == typeof(MulticastDelegate))
            return $"delegate {name}: {Method(type.GetMethod("Invoke")!)}";
        IEnumerable<string> bases = type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? [])
            .Where(contract => contract.IsPublic).Select(ApiNames.Of).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
            bases = bases.Prepend(ApiNames.Of(parent));
        string inherits = string.Join(", ", type.IsEnum ? [ApiNames.Of(Enum.GetUnderlyingType(type))] : bases);
        return $"{Kind(type)} {name}{(inherits.Length == 0 ? "" : " : ")}{inherits}";
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static IEnumerable<string> Members(Type type)
    {
        if (type.BaseType == typeof(MulticastDelegate))
            return [];
        IEnumerable<string> constructors = type.GetConstructors(Declared).Where(IsVisible).Select(c => $"new({Parameters(c)})");
        IEnumerable<string> methods = type.GetMethods(Declared).Where(m => IsVisible(m) && IsWritten(m)).Select(Method);
        IEnumerable<string> properties = type.GetProperties(Declared).Where(p => p.GetAccessors(true).Any(IsVisible)).Select(Property);
        IEnumerable<string> fields = type.GetFields(Declared)
            .Where(f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName).Select(Field);
        IEnumerable<string> events = type.GetEvents(Declared).Where(e => IsVisible(e.AddMethod!)).Select(Event);
        return [.. constructors, .. methods, .. properties, .. fields, .. events];
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // Accessors appear as properties; what a record's compiler writes is implied by its being a record.
    private static bool IsWritten(MethodInfo method) => (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        && !method.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
        && !method.Name.StartsWith('<');

    private static string Method(MethodInfo method)
    {
        string generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(ApiNames.Of))}>" : "";
        string result = ApiNames.Of(new NullabilityInfoContext().Create(method.ReturnParameter), method.ReturnType);
        return $"{Modifiers(method)}{(method.ReturnType.IsByRef ? "ref " : "")}{result} {method.Name}{generics}({Parameters(method)})";
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo accessor = property.GetAccessors(true).First(IsVisible);
        string type = ApiNames.Of(new NullabilityInfoContext().Create(property), property.PropertyType);
        string name = property.GetIndexParameters() is [] ? property.Name : $"this[{Parameters(property.GetIndexParameters())}]";
        string get = property.GetMethod is { } getter && IsVisible(getter) ? " get;" : "";
        string required = property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute)) ? "required " : "";
        return $"{Modifiers(accessor)}{required}{type} {name} {{{get}{Setter(property)} }}";
    }

    private static string Event(EventInfo handled)
    {
        string type = ApiNames.Of(new NullabilityInfoContext().Create(handled), handled.EventHandlerType!);
        return $"{Modifiers(handled.AddMethod!)}event {type} {handled.Name}";
    }

    private static string Setter(PropertyInfo property)
    {
        if (property.SetMethod is not { } setter || !IsVisible(setter))
            return "";
        return setter.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;";
    }

    private static string Field(FieldInfo field)
    {
        string type = ApiNames.Of(new NullabilityInfoContext().Create(field), field.FieldType);
        return field.IsLiteral
            ? $"{(field.DeclaringType!.IsEnum ? "" : $"const {type} ")}{field.Name} = {Literal(field.GetRawConstantValue())}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private static string Modifiers(MethodInfo method)
    {
        string access = method.IsPublic ? "" : "protected ";
        if (method.IsStatic)
            return access + "static ";
        if (method.IsAbstract)
            return method.DeclaringType!.IsInterface ? access : access + "abstract ";
        bool overrides = method.GetBaseDefinition() != method;
        return method.IsVirtual && !method.IsFinal ? access + (overrides ? "override " : "virtual ") : access;
    }

    private static string Parameters(MethodBase method) => Parameters(method.GetParameters());

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string direction = parameter switch { { IsOut: true } => "out ", { IsIn: true } => "in ", { ParameterType.IsByRef: true } => "ref ", _ => "" };
        string type = ApiNames.Of(new NullabilityInfoContext().Create(parameter), parameter.ParameterType);
        return $"{direction}{type} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Literal(parameter.RawDefaultValue) : "")}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
