using RagChatbot.CommandLine;

Terminal terminal = Terminal.OpenProcess();
return await ChatbotCommand.RunAsync(args, terminal);
