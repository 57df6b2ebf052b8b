using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Reads the fields of a protocol buffers message one after another; checks every length before use.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="message">The message.</param>
/// <param name="origin">Where the message starts in the file.</param>
internal ref struct ProtobufReader(string file, ReadOnlySpan<byte> message, int origin)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _position;
    private int _wireType;

    /// <summary>Number of the field that was reached.</summary>
    public int Field { get; private set; }

    /// <summary>Goes to the next field; its value must be read or skipped.</summary>
    /// <returns>False at the end of the message.</returns>
    public bool TryNext()
    {
        if (_position == _message.Length)
            return false;
        ulong tag = ReadRawVarint();
        Field = tag >> 3 is > 0 and <= 0x1FFF_FFFF ? (int)(tag >> 3) : throw Damage("has a field without a valid number.");
        _wireType = (int)(tag & 7);
        return true;
    }

    /// <summary>Reads an integer, an enumeration or a truth value.</summary>
    public long ReadInteger()
    {
        Expect(0);
        return unchecked((long)ReadRawVarint());
    }

    /// <summary>Reads a float.</summary>
    public float ReadFloat()
    {
        Expect(5);
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    /// <summary>Reads bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Expect(2);
        return Take(ReadRawVarint());
    }

    /// <summary>Reads UTF-8 text.</summary>
    public string ReadText()
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Damage("has text that is no valid UTF-8.");
    }

    /// <summary>Reads a message inside this one.</summary>
    public ProtobufReader ReadMessage()
    {
        ReadOnlySpan<byte> bytes = ReadBytes();
        return new ProtobufReader(file, bytes, origin + _position - bytes.Length);
    }

    /// <summary>Passes over a value.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case 0:
                ReadRawVarint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Take(ReadRawVarint());
                break;
            case 5:
                Take(4);
                break;
            default:
                throw Damage($"has a field of the unknown wire type {_wireType}.");
        }
    }

    /// <summary>The exception that tells what is wrong here.</summary>
    public readonly ModelFormatException Damage(string problem) => new(file, origin + _position, problem);

    private readonly void Expect(int wireType)
    {
        if (_wireType != wireType)
            throw Damage($"has field {Field} with wire type {_wireType} in place of {wireType}.");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(_message.Length - _position))
            throw Damage($"ends inside field {Field}.");
        ReadOnlySpan<byte> bytes = _message.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    private ulong ReadRawVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_position == _message.Length)
                throw Damage("ends inside an integer.");
            byte part = _message[_position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
        throw Damage("has an integer of more than 64 bits.");
    }
}
